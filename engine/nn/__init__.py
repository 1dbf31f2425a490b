"""The mathematics of a multilayer perceptron, on NumPy alone."""
