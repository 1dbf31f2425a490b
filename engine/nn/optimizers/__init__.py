"""Optimizers: transforms of the flat gradient, chained in an order that is their meaning.

Clipping, penalties, update rules and what is measured of an update are transforms alike; the registry names
the rules that can be chosen.
"""

from engine.nn.optimizers.chain import Optimizer, Transform
from engine.nn.optimizers.registry import OPTIMIZERS, optimizer
from engine.nn.registry import import_modules

__all__ = ["OPTIMIZERS", "Optimizer", "Transform", "optimizer"]

import_modules(__name__, __path__)
# Forms and help list the common ones first; one that is not named here follows.
OPTIMIZERS.arrange(
    (
        *("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "adamax"),
        *("nadam", "radam", "rprop", "lion"),
    )
)
