"""Optimizers: transforms of the flat gradient, chained in an order that is their meaning.

Clipping, penalties, update rules and what is measured of an update are transforms alike; the registry names
the rules that can be chosen.
"""

from engine.nn.optimizers.chain import Optimizer, Transform

__all__ = ["Optimizer", "Transform"]
