"""Schedules: the factor of the learning rate by updates done, and the registry of those to choose from.

A function of the updates done alone, so that a resumed run needs no memory of it; only ``plateau``, which
looks at the loss, has one.
"""

from engine.nn.registry import import_modules
from engine.nn.schedules.curves import (
    Plateau,
    PlateauMemory,
    Schedule,
    constant,
    cosine,
    cyclic,
    equal,
    exponential,
    halving,
    multi_step,
    one_cycle,
    polynomial,
    shrinking,
    step_decay,
    warm_restarts,
    warm_up,
)
from engine.nn.schedules.registry import SCHEDULES, ScheduleInfo, Span, schedule

__all__ = [
    "SCHEDULES",
    "Plateau",
    "PlateauMemory",
    "Schedule",
    "ScheduleInfo",
    "Span",
    "constant",
    "cosine",
    "cyclic",
    "equal",
    "exponential",
    "halving",
    "multi_step",
    "one_cycle",
    "polynomial",
    "schedule",
    "shrinking",
    "step_decay",
    "warm_restarts",
    "warm_up",
]

# Forms and help list these in the order of their file; others follow.
import_modules(__name__, __path__, first=["choices"])
