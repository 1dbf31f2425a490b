"""The Overfitting page: when a run began to overfit, and what would have helped.

Findings come from ``engine.analysis``; here they are worded and drawn.
"""
