"""The mathematics of a multilayer perceptron."""
