"""Schedules: the factor of the learning rate, a function of the updates done so far."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Schedule = Callable[[int], float]
SMALLEST_REDUCTION = 1e-8


def constant() -> Schedule:
    """Return the factor 1 for ever."""
    return lambda done: 1.0


def step_decay(gamma: float, every: int) -> Schedule:
    """Return ``gamma`` to the number of times that ``every`` updates have passed (torch's StepLR)."""
    return lambda done: gamma ** (done // every)


def multi_step(gamma: float, milestones: Sequence[int]) -> Schedule:
    """Return ``gamma`` to the number of ascending milestones that were reached (torch's MultiStepLR)."""
    return lambda done: gamma ** bisect_right(milestones, done)


def exponential(gamma: float, every: int) -> Schedule:
    """Return ``gamma ** (done / every)``: one smooth fall, by ``gamma`` over each ``every`` updates.

    Torch's ExponentialLR, stepped after each update, with ``gamma ** (1 / every)``.
    """
    return lambda done: gamma ** (done / every)


def polynomial(total: int, power: float) -> Schedule:
    """Return ``(1 - done / total) ** power``: from 1 to 0 over ``total`` updates (torch's PolynomialLR)."""
    return lambda done: (1 - min(done, total) / total) ** power


def cosine(total: int, floor: float = 0.0) -> Schedule:
    """Return ``floor + (1 - floor) (1 + cos(π done / total)) / 2``: from 1 to ``floor``.

    Loshchilov and Hutter, 2017, without restarts; torch's CosineAnnealingLR in closed form.
    """
    return lambda done: _descent(done / total, 1.0, floor)


def warm_restarts(first: int, multiple: int, floor: float = 0.0) -> Schedule:
    """Return cosine descents from 1 to ``floor``, each ``multiple`` times as long as the one before it.

    Loshchilov and Hutter, 2017; torch's CosineAnnealingWarmRestarts with ``T_0 = first`` updates.
    """

    def factor(done: int) -> float:
        place, length = done, first
        if multiple == 1:
            place %= length
        while place >= length:
            place -= length
            length *= multiple
        return _descent(place / length, 1.0, floor)

    return factor


def one_cycle(total: int, pct_start: float, div_factor: float, final_div_factor: float) -> Schedule:
    """Return a rise from ``1 / div_factor`` to 1, then a fall to ``1 / (div_factor final_div_factor)``.

    Both along a cosine; the peak is at update ``pct_start total - 1``, the lowest at the last one. Smith and
    Topin, 2018; torch's OneCycleLR in two phases with ``cycle_momentum=False``: no momentum is cycled here.
    """
    start, end = 1 / div_factor, 1 / (div_factor * final_div_factor)
    peak = pct_start * total - 1

    def factor(done: int) -> float:
        if done <= peak:
            return _descent(done / peak, start, 1.0) if peak > 0 else 1.0
        return _descent((done - peak) / (total - 1 - peak), 1.0, end)

    return factor


def cyclic(cycle: int, lowest: float, height: Callable[[int, int], float]) -> Schedule:
    """Return straight rises and falls of ``cycle`` updates each, between ``lowest`` and a height above it.

    Smith, 2017; torch's CyclicLR with equally long sides and ``cycle_momentum=False``.

    Parameters
    ----------
    cycle : int
        Updates of one rise and fall together.
    lowest : float
        Factor at the ends of each cycle; the first peak is 1.
    height : callable
        From the number of the cycle (0 the first) and the updates done to the share of the height: see
        :func:`equal`, :func:`halving` and :func:`shrinking`.
    """

    def factor(done: int) -> float:
        number, place = divmod(done, cycle)
        share = 2 * place / cycle
        return lowest + (1 - lowest) * (share if share <= 1 else 2 - share) * height(number, done)

    return factor


def equal(number: int, done: int) -> float:
    """Return 1: all cycles are equally high (torch's triangular)."""
    return 1.0


def halving(number: int, done: int) -> float:
    """Return half of the height before it, cycle by cycle (torch's triangular2)."""
    return 0.5**number


def shrinking(gamma: float, every: int) -> Callable[[int, int], float]:
    """Return heights that shrink by ``gamma`` over each ``every`` updates (torch's exp_range)."""
    return lambda number, done: gamma ** (done / every)


def warm_up(first: int, then: Schedule) -> Schedule:
    """Return a line that reaches 1 at update number ``first``, then ``then``, which counts from its own 0.

    Torch writes this as LinearLR from ``1 / first`` and SequentialLR.
    """
    return lambda done: (done + 1) / first if done < first else then(done - first)


def _descent(share: float, start: float, end: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class PlateauMemory:
    """What reducing on a plateau remembers: all of it, so that a run can go on from it.

    Attributes
    ----------
    lowest : float
        The validation loss that has to be beaten.
    since : int
        Updates done from when on the wait is counted; after a reduction this may lie ahead.
    factor : float
        Product of all reductions so far: the factor of the learning rate.
    """

    lowest: float = math.inf
    since: int = 0
    factor: float = 1.0


@dataclass(frozen=True)
class Plateau:
    """Multiplies the learning rate by ``gamma`` when validation loss has not fallen for ``patience`` updates.

    With one evaluation at the end of each epoch this is torch's ReduceLROnPlateau (mode min, threshold_mode
    rel, eps 1e-8) number by number. With other evaluations the same rule holds on the clock of updates: the
    rate falls at the first evaluation more than ``patience`` after the last that was lower by ``threshold``
    times itself or more; then the wait begins anew, ``cooldown`` later. No other schedule needs a memory.

    Attributes
    ----------
    gamma : float
    patience, cooldown : int
        Updates.
    threshold : float
    lowest_rate : float
        The rate is never reduced below it.
    start : int
        Evaluations up to this update (the end of the warm-up; 0 without) are passed over.
    """

    gamma: float
    patience: int
    threshold: float
    cooldown: int
    lowest_rate: float
    start: int = 0

    def after(self, memory: PlateauMemory, done: int, loss: float, rate: float) -> PlateauMemory:
        """Return the memory after an evaluation.

        Parameters
        ----------
        done : int
            Updates done when the loss was measured.
        loss : float
            Validation loss.
        rate : float
            Learning rate without the reductions.
        """
        if done <= self.start:
            return memory
        memory = replace(memory, since=max(memory.since, self.start))
        if loss < memory.lowest * (1 - self.threshold):
            return replace(memory, lowest=loss, since=max(memory.since, done))
        if done - memory.since <= self.patience:
            return memory
        old = rate * memory.factor
        new = max(old * self.gamma, self.lowest_rate)
        factor = new / rate if old - new > SMALLEST_REDUCTION else memory.factor
        return replace(memory, since=done + self.cooldown, factor=factor)
