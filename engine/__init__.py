"""Backprop Lab's engine: trains multilayer perceptrons by backpropagation; knows nothing of the dashboard."""

__version__ = "0.1.0"
