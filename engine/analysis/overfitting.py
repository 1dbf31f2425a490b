"""When a run began to overfit, and where early stopping would have ended it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.early_stopping import Patience
from engine.training.state import Waiting

SHARE_OF_LOWEST, SHARE_OF_DESCENT, NOISE_DEVIATIONS = 0.05, 0.02, 3.0
SHARE_OF_FIRST, WIDE_GAP = 0.02, 0.5
EVALUATIONS_AT_LEAST = 5
LATER_AT_LEAST, LATER_SHARE = 3, 0.05


@dataclass(frozen=True)
class Verdict:
    """What the losses of a run say; places count its evaluations from 0.

    Attributes
    ----------
    kind : str
        ``overfits``; ``unstable`` (validation rose, but so did the training loss); ``short`` (too few
        evaluations to tell); ``flat`` (validation loss never fell much); ``rises`` (it lies above its
        minimum at the end, for too few evaluations to tell); ``noisy`` (it ends above its minimum, within
        its own noise); ``apart`` (near its minimum, but far above the training loss); or ``holds`` (near
        its minimum and not far above the training loss).
    best : int
        Where validation loss was lowest.
    onset : int or None
        Where overfitting began, only for ``overfits``.
    tolerance : float
        How far above its minimum validation loss still counts as near it.
    """

    kind: str
    best: int
    onset: int | None
    tolerance: float


def judge(train_loss: np.ndarray, val_loss: np.ndarray) -> Verdict:
    """Tell from the evaluations of a run, in their order and all finite, whether and when it overfitted.

    Overfitting began at the last evaluation whose validation loss was within the tolerance of its minimum,
    if at least three more (and 5 % of all) came after it, and the training loss went on falling meanwhile:
    its median over the last half of those later evaluations lies below where it stood at the onset.

    The tolerance is the largest of 5 % of the minimum, 2 % of the descent from the first validation loss to
    the minimum, and three standard deviations of the curve's noise. The noise is estimated from second
    differences d (robustly, 1.4826 median(abs d) / sqrt 6), which a smooth rise does not disturb.

    It is far above the training loss where it is more than half as high again, and by more than the
    tolerance.
    """
    count = len(val_loss)
    if count == 0:
        return Verdict("short", 0, None, 0.0)
    best = int(np.argmin(val_loss))
    first, lowest, last = (float(val_loss[place]) for place in (0, best, -1))
    near = max(SHARE_OF_LOWEST * lowest, SHARE_OF_DESCENT * (first - lowest))
    noise = NOISE_DEVIATIONS * _noise(val_loss)
    tolerance = max(near, noise)
    if count < EVALUATIONS_AT_LEAST:
        return Verdict("short", best, None, tolerance)
    last_near = int(np.flatnonzero(val_loss <= lowest + tolerance)[-1])
    later = count - 1 - last_near
    if later >= max(LATER_AT_LEAST, LATER_SHARE * count):
        end = np.median(train_loss[count - (later + 1) // 2 :])
        if end >= train_loss[last_near]:
            return Verdict("unstable", best, None, tolerance)
        return Verdict("overfits", best, last_near, tolerance)
    gap = last - float(train_loss[-1])
    if first - lowest <= max(SHARE_OF_FIRST * abs(first), noise):
        kind = "flat"
    elif later:
        kind = "rises"
    elif last > lowest + near:
        kind = "noisy"
    else:
        kind = "apart" if gap > max(tolerance, WIDE_GAP * abs(float(train_loss[-1]))) else "holds"
    return Verdict(kind, best, None, tolerance)


def _noise(values: np.ndarray) -> float:
    if len(values) < EVALUATIONS_AT_LEAST:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(values, n=2))) / np.sqrt(6))


@dataclass(frozen=True)
class EarlyStop:
    """Where patience would have ended a run; places count its evaluations from 0.

    Attributes
    ----------
    kept : int
        The evaluation whose weights would have been kept.
    stopped : int or None
        The last evaluation that would have been trained to; None when patience never ran out.
    """

    kept: int
    stopped: int | None


def stop_early(val_loss: np.ndarray, steps: np.ndarray, patience: Patience) -> EarlyStop:
    """Stop where :class:`Patience` would have ended the run, and keep the lowest loss up to there.

    Parameters
    ----------
    val_loss, steps : numpy.ndarray
        ``(n,)``, one evaluation or more in the order of their steps, all finite.
    patience : Patience
        The rule that a run with ``early_stopping`` obeys while it trains.
    """
    waiting = Waiting()
    for place, (step, loss) in enumerate(zip(steps.tolist(), val_loss.tolist(), strict=True)):
        waiting = patience.after(waiting, step, loss)
        if patience.is_over(waiting, step):
            return EarlyStop(int(np.argmin(val_loss[: place + 1])), place)
    return EarlyStop(int(np.argmin(val_loss)), None)


@dataclass(frozen=True)
class StopGain:
    """What stopping early would have given.

    Attributes
    ----------
    kept, lowest, last : float
        Validation loss of the weights kept, the lowest of the whole run, and the last one.
    lowest_at : int
        The evaluation with the lowest loss, from 0.
    saved : float
        Share of the epochs that need not be trained; 0 where patience never ran out.
    """

    kept: float
    lowest: float
    last: float
    lowest_at: int
    saved: float

    @property
    def is_too_early(self) -> bool:
        """Whether the run would have found a lower loss later."""
        return self.lowest < self.kept


def stop_gain(stop: EarlyStop, epochs: np.ndarray, val_loss: np.ndarray) -> StopGain:
    """Return what a stop would have given, from the evaluations ``(n,)`` of the whole run, one or more."""
    saved = 0.0
    if stop.stopped is not None and epochs[-1] > 0:
        saved = float((epochs[-1] - epochs[stop.stopped]) / epochs[-1])
    best = int(np.argmin(val_loss))
    return StopGain(float(val_loss[stop.kept]), float(val_loss[best]), float(val_loss[-1]), best, saved)


@dataclass(frozen=True)
class Gap:
    """Validation minus training loss.

    Attributes
    ----------
    last, widest : float
        At the last evaluation, and the largest of all.
    times_training : float or None
        The last gap over the training loss; None where that is 0.
    """

    last: float
    widest: float
    times_training: float | None


def generalization_gap(gap: np.ndarray, train_loss: np.ndarray) -> Gap | None:
    """Return how large the gap is, from evaluations ``(n,)``; None where there is none."""
    if len(gap) == 0:
        return None
    last, train = float(gap[-1]), float(train_loss[-1])
    return Gap(last, float(gap.max()), last / train if train > 0 else None)


@dataclass(frozen=True)
class SizedRun:
    """A run by the size of its network; ``gap`` is its last validation - training loss."""

    run: int
    name: str
    parameters: int
    gap: float


@dataclass(frozen=True)
class SizeEffect:
    """The runs with the fewest and the most parameters."""

    smallest: SizedRun
    largest: SizedRun

    @property
    def is_comparable(self) -> bool:
        """Whether the runs differ in size at all."""
        return self.smallest.parameters < self.largest.parameters

    @property
    def is_wider(self) -> bool:
        """Whether the larger network has the wider gap."""
        return self.largest.gap > self.smallest.gap


def size_effect(sized: Sequence[SizedRun]) -> SizeEffect | None:
    """Return how the gap goes with the number of parameters; None for fewer than two runs."""
    if len(sized) < 2:
        return None
    smallest = min(sized, key=lambda each: each.parameters)
    return SizeEffect(smallest, max(sized, key=lambda each: each.parameters))
