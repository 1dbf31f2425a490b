"""The Gradients page: what happens in each layer of a run.

Findings come from ``engine.analysis``; here they are worded and drawn.
"""
