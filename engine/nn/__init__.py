"""The mathematics of a multilayer perceptron, on NumPy alone.

``tape``, ``layers`` and ``network`` hold the idea: the calls of a step are recorded once and replayed for
every batch. Activations, losses, optimizers, normalizations and schedules are registered where they are
defined.
"""
