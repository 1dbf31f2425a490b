"""The Overfitting page: when a run began to overfit, and what would have helped."""
