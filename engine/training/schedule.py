"""The learning rate of a run: its schedule with epochs turned into updates, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.nn.schedules import (
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
from engine.training.plan import TrainingPlan


@dataclass(frozen=True)
class ScheduleKind:
    """One choice of ``schedule``.

    Attributes
    ----------
    meaning : str
        One sentence for people.
    build : callable
        From a resolved configuration, updates in an epoch and updates after the warm-up to the schedule.
    """

    meaning: str
    build: Callable[[Any, int, int], Schedule]


def _floor(config: RunConfig) -> float:
    """Return the lowest rate as a share of the highest; a rate set by hand moves it along."""
    assert config.min_learning_rate is not None
    return config.min_learning_rate / config.learning_rate


def _cyclic(
    heights: Callable[[Any, int], Callable[[int, int], float]],
) -> Callable[[Any, int, int], Schedule]:
    return lambda c, epoch, total: cyclic(c.cycle_epochs * epoch, 1 / c.div_factor, heights(c, epoch))


SCHEDULES: dict[str, ScheduleKind] = {
    "constant": ScheduleKind("One learning rate from beginning to end.", lambda c, epoch, total: constant()),
    "cosine": ScheduleKind(
        "High at first, then down along half a cosine: explores, then settles.",
        lambda c, epoch, total: cosine(total, _floor(c)),
    ),
    "one_cycle": ScheduleKind(
        "Up from a small rate to the highest, then down to nearly nothing: allows high rates, trains fast.",
        lambda c, epoch, total: one_cycle(total, c.pct_start, c.div_factor, c.final_div_factor),
    ),
    "plateau": ScheduleKind(
        "Steps down whenever validation loss has stopped falling; drawn here as if it never fell.",
        lambda c, epoch, total: constant(),
    ),
    "step": ScheduleKind(
        "Down by a factor every so many epochs.",
        lambda c, epoch, total: step_decay(c.schedule_gamma, c.schedule_every * epoch),
    ),
    "multi_step": ScheduleKind(
        "Down by a factor at the epochs that you name.",
        lambda c, epoch, total: multi_step(
            c.schedule_gamma, [milestone * epoch for milestone in c.schedule_milestones]
        ),
    ),
    "exponential": ScheduleKind(
        "Down by the same small factor in each epoch, smoothly.",
        lambda c, epoch, total: exponential(c.schedule_gamma, epoch),
    ),
    "polynomial": ScheduleKind(
        "Down to zero at the end of the run: power 1 along a straight line, above it faster at first.",
        lambda c, epoch, total: polynomial(total, c.schedule_power),
    ),
    "warm_restarts": ScheduleKind(
        "Cosine descents one after another, each from the full rate again: several chances to settle.",
        lambda c, epoch, total: warm_restarts(c.cycle_epochs * epoch, c.cycle_multiple, _floor(c)),
    ),
    "cyclic_triangular": ScheduleKind(
        "Up and down in straight lines, again and again, between a small rate and the highest.",
        _cyclic(lambda c, epoch: equal),
    ),
    "cyclic_triangular2": ScheduleKind(
        "Up and down in straight lines; each peak is half as high above the lowest rate as the one before.",
        _cyclic(lambda c, epoch: halving),
    ),
    "cyclic_exp_range": ScheduleKind(
        "Up and down in straight lines; the height shrinks by a factor in each epoch.",
        _cyclic(lambda c, epoch: shrinking(c.schedule_gamma, epoch)),
    ),
}


def build_schedule(config: RunConfig, plan: TrainingPlan) -> Schedule:
    """Return the factor of the learning rate by updates done, warm-up first; 1 from there on for plateau."""
    warm = config.warmup_epochs * plan.steps_per_epoch
    rest = max(plan.total_steps - warm, 1)
    then = SCHEDULES[config.schedule].build(config, plan.steps_per_epoch, rest)
    return warm_up(warm, then) if warm else then


def build_plateau(config: RunConfig, plan: TrainingPlan) -> Plateau | None:
    """Return what reduces the learning rate on a plateau of validation loss, where that is the schedule."""
    if config.schedule != "plateau":
        return None
    assert config.plateau_patience is not None and config.plateau_cooldown is not None
    assert config.schedule_gamma is not None and config.plateau_threshold is not None
    assert config.min_learning_rate is not None
    return Plateau(
        config.schedule_gamma,
        config.plateau_patience * plan.steps_per_epoch,
        config.plateau_threshold,
        config.plateau_cooldown * plan.steps_per_epoch,
        config.min_learning_rate,
        config.warmup_epochs * plan.steps_per_epoch,
    )


def rates(config: RunConfig, plan: TrainingPlan, count: int) -> np.ndarray:
    """Return the learning rates of up to ``count`` evenly spread updates, the first and the last among them.

    What validation loss decides is shown as if it never fell: plateau steps down as early as it may.
    """
    schedule, plateau = build_schedule(config, plan), build_plateau(config, plan)
    updates = np.unique(np.linspace(0, plan.total_steps - 1, count).round().astype(np.int64)).tolist()
    if plateau is None:
        return config.learning_rate * np.array([schedule(done) for done in updates])
    memory, epoch, found = PlateauMemory(), plan.steps_per_epoch, []
    for number in range(config.epochs):
        while len(found) < len(updates) and updates[len(found)] < (number + 1) * epoch:
            found.append(config.learning_rate * schedule(updates[len(found)]) * memory.factor)
        memory = plateau.after(memory, (number + 1) * epoch, 1.0, config.learning_rate)
    return np.array(found)
