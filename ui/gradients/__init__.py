"""The Gradients page: what happens in each layer of a run."""
