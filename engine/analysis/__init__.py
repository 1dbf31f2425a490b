"""What records and finished runs say: overfitting, learning curve, scores, verdicts, gradient check of a run.

Pure functions of what was recorded; whoever reads a run calls them, never a worker.
"""
