"""Backprop Lab's engine: trains multilayer perceptrons by backpropagation."""

__version__ = "0.1.0"
