"""The schedules that can be chosen: a curve from a run's settings, epochs turned into updates."""

from collections.abc import Sequence

from engine.nn.schedules import curves
from engine.nn.schedules.curves import Schedule
from engine.nn.schedules.registry import Span, schedule


@schedule("One learning rate from beginning to end.")
def constant(run: Span) -> Schedule:
    """Return the factor 1 for ever."""
    return curves.constant()


@schedule("High at first, then down along half a cosine: explores, then settles.")
def cosine(run: Span, *, min_learning_rate: float = 0.0) -> Schedule:
    """Return half a cosine over the whole span."""
    return curves.cosine(run.total, min_learning_rate / run.learning_rate)


@schedule("Up from a small rate to the highest, then down to nearly nothing: allows high rates, trains fast.")
def one_cycle(
    run: Span, *, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
) -> Schedule:
    """Return a rise and a fall over the whole span."""
    return curves.one_cycle(run.total, pct_start, div_factor, final_div_factor)


@schedule("Steps down whenever validation loss has stopped falling; drawn here as if it never fell.")
def plateau(
    run: Span,
    *,
    schedule_gamma: float = 0.1,
    plateau_patience: int = 10,
    plateau_threshold: float = 1e-4,
    plateau_cooldown: int = 0,
    min_learning_rate: float = 0.0,
) -> Schedule:
    """Return the factor 1: what validation loss decides, :class:`engine.nn.schedules.Plateau` does."""
    return curves.constant()


@schedule("Down by a factor every so many epochs.")
def step(run: Span, *, schedule_gamma: float = 0.1, schedule_every: int = 30) -> Schedule:
    """Return equally long steps."""
    return curves.step_decay(schedule_gamma, schedule_every * run.epoch)


@schedule("Down by a factor at the epochs that you name.")
def multi_step(
    run: Span, *, schedule_gamma: float = 0.1, schedule_milestones: Sequence[int] = (50, 75)
) -> Schedule:
    """Return a step at each milestone."""
    return curves.multi_step(schedule_gamma, [milestone * run.epoch for milestone in schedule_milestones])


@schedule("Down by the same small factor in each epoch, smoothly.")
def exponential(run: Span, *, schedule_gamma: float = 0.95) -> Schedule:
    """Return a fall by the factor over each epoch."""
    return curves.exponential(schedule_gamma, run.epoch)


@schedule("Down to zero at the end of the run: power 1 along a straight line, above it faster at first.")
def polynomial(run: Span, *, schedule_power: float = 1.0) -> Schedule:
    """Return a fall to 0 over the whole span."""
    return curves.polynomial(run.total, schedule_power)


@schedule("Cosine descents one after another, each from the full rate again: several chances to settle.")
def warm_restarts(
    run: Span, *, cycle_epochs: int = 10, cycle_multiple: int = 2, min_learning_rate: float = 0.0
) -> Schedule:
    """Return descents, the first over ``cycle_epochs``."""
    floor = min_learning_rate / run.learning_rate
    return curves.warm_restarts(cycle_epochs * run.epoch, cycle_multiple, floor)


@schedule("Up and down in straight lines, again and again, between a small rate and the highest.")
def cyclic_triangular(run: Span, *, cycle_epochs: int = 10, div_factor: float = 10.0) -> Schedule:
    """Return equally high peaks."""
    return curves.cyclic(cycle_epochs * run.epoch, 1 / div_factor, curves.equal)


@schedule("Up and down in straight lines; each peak is half as high above the lowest rate as the one before.")
def cyclic_triangular2(run: Span, *, cycle_epochs: int = 10, div_factor: float = 10.0) -> Schedule:
    """Return peaks of which each is half as high as the one before it."""
    return curves.cyclic(cycle_epochs * run.epoch, 1 / div_factor, curves.halving)


@schedule("Up and down in straight lines; the height shrinks by a factor in each epoch.")
def cyclic_exp_range(
    run: Span, *, cycle_epochs: int = 10, div_factor: float = 10.0, schedule_gamma: float = 0.95
) -> Schedule:
    """Return peaks that shrink by the factor over each epoch."""
    heights = curves.shrinking(schedule_gamma, run.epoch)
    return curves.cyclic(cycle_epochs * run.epoch, 1 / div_factor, heights)
