"""The learning rate of a run: its schedule with epochs turned into updates, once."""

import numpy as np

from engine.config import RunConfig
from engine.nn.schedules import SCHEDULES, Plateau, PlateauMemory, Schedule, Span, warm_up
from engine.training.plan import TrainingPlan


def build_schedule(config: RunConfig, plan: TrainingPlan) -> Schedule:
    """Return the factor of the learning rate by updates done, warm-up first; 1 from there on for plateau."""
    warm = config.warmup_epochs * plan.steps_per_epoch
    rest = max(plan.total_steps - warm, 1)
    span = Span(plan.steps_per_epoch, rest, config.learning_rate)
    own = {name: getattr(config, name) for name in SCHEDULES.options[config.schedule]}
    then = SCHEDULES[config.schedule].build(span, **own)
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
