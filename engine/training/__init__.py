"""Training: the only loop, what it records, and the state that it can be resumed from."""
