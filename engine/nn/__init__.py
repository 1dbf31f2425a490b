"""The mathematics of a multilayer perceptron; knows numpy and nothing else."""
