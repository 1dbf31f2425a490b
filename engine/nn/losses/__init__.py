"""Losses of raw outputs against targets: what a network asks of one, and the registry of them all.

A loss records the derivative that the backward pass starts from, and the mean of a batch apart from it.
"""

from engine.nn.losses.registry import LOSSES, Loss, configured, loss, losses_for
from engine.nn.registry import import_modules

__all__ = ["LOSSES", "PROBABILITY_LOSSES", "Loss", "configured", "loss", "losses_for"]

import_modules(__name__, __path__)
# Forms and help list them in this order; one that is not named here follows.
LOSSES.arrange(("mse", "cross_entropy", "binary_cross_entropy", "mae", "huber", "smooth_l1"))
# With these a network says probabilities of classes, with others scores.
PROBABILITY_LOSSES = tuple(name for name, each in LOSSES.items() if each.gives_probabilities)
