"""When a run began to overfit, and where early stopping would have ended it."""

from dataclasses import dataclass

import numpy as np

from engine.training.early_stopping import Patience
from engine.training.state import Waiting

SHARE_OF_LOWEST, SHARE_OF_DESCENT, NOISE_DEVIATIONS = 0.05, 0.02, 3.0
EVALUATIONS_AT_LEAST = 5
LATER_AT_LEAST, LATER_SHARE = 3, 0.05


@dataclass(frozen=True)
class Verdict:
    """What the losses of a run say; places count its evaluations from 0.

    Attributes
    ----------
    kind : str
        ``overfits``, ``holds`` (validation stayed near its minimum to the end), ``unstable`` (validation
        rose, but so did the training loss) or ``short`` (too few evaluations to tell).
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
    """
    count = len(val_loss)
    if count == 0:
        return Verdict("short", 0, None, 0.0)
    best = int(np.argmin(val_loss))
    lowest = float(val_loss[best])
    tolerance = max(
        SHARE_OF_LOWEST * lowest,
        SHARE_OF_DESCENT * (float(val_loss[0]) - lowest),
        NOISE_DEVIATIONS * _noise(val_loss),
    )
    if count < EVALUATIONS_AT_LEAST:
        return Verdict("short", best, None, tolerance)
    last_near = int(np.flatnonzero(val_loss <= lowest + tolerance)[-1])
    later = count - 1 - last_near
    if later < max(LATER_AT_LEAST, LATER_SHARE * count):
        return Verdict("holds", best, None, tolerance)
    end = np.median(train_loss[count - (later + 1) // 2 :])
    if end >= train_loss[last_near]:
        return Verdict("unstable", best, None, tolerance)
    return Verdict("overfits", best, last_near, tolerance)


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
