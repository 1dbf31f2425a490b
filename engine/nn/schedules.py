"""Schedules: the factor of the learning rate, a function of the updates done so far; knows no optimizer."""

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant() -> Schedule:
    """Return the factor 1 for ever."""
    return lambda done: 1.0


def step_decay(gamma: float, every: int) -> Schedule:
    """Return ``gamma`` to the number of times that ``every`` updates have passed (torch's StepLR)."""
    return lambda done: gamma ** (done // every)


def cosine(total: int) -> Schedule:
    """Return ``(1 + cos(π done / total)) / 2``: from 1 to 0 over ``total`` updates.

    Loshchilov and Hutter, 2017, without restarts; torch's CosineAnnealingLR in closed form.
    """
    return lambda done: (1 + math.cos(math.pi * done / total)) / 2


def warm_up(first: int, then: Schedule) -> Schedule:
    """Return a line that reaches 1 at update number ``first``, then ``then``, which counts from its own 0.

    Torch writes this as LinearLR from ``1 / first`` and SequentialLR.
    """
    return lambda done: (done + 1) / first if done < first else then(done - first)
