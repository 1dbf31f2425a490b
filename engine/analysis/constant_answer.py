"""What always the same answer reaches on the validation rows: what a network must beat to have learned."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.tape import Arena, Tape
from engine.training.evaluation import Rows, fixed_rows, score
from engine.training.model import build_loss

LOSS_SHARE, STANDARD_ERRORS = 0.02, 2.0
ACCURACY_AT_MOST, R2_AT_MOST = 0.05, 0.02
TINY_SHARE = 1e-6
ROUNDS, SMALLEST_STEP, ENOUGH = 200, 1e-9, 1e-7

Measured = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class ConstantAnswer:
    """The best of all answers that do not depend on the inputs, as the training rows have it.

    Attributes
    ----------
    loss, score : float
        Loss and accuracy (R² for values) that it reaches on the validation rows of the curves.
    rows : int
        How many rows these are.
    is_class : bool
        Whether it names a class: the most frequent one, where all classes weigh the same.
    """

    loss: float
    score: float
    rows: int
    is_class: bool

    def is_as_good(self, val_loss: float, val_score: float) -> bool:
        """Tell whether a network's loss and score on the same rows are no better than this answer's.

        Both must be: a loss less than 2 % lower, and an accuracy that is not higher by two standard errors of
        a share of so many rows, nor by 5 points (an R² not higher by 0.02).
        """
        margin = R2_AT_MOST
        if self.is_class:
            error = math.sqrt(self.score * (1 - self.score) / max(self.rows, 1))
            margin = min(STANDARD_ERRORS * error, ACCURACY_AT_MOST)
        is_low = not math.isnan(self.score) and val_score > self.score + margin
        return val_loss >= self.loss - LOSS_SHARE * abs(self.loss) and not is_low


def constant_answer(config: RunConfig, dataset: Dataset) -> ConstantAnswer | None:
    """Return the best constant answer by a run's own loss; None without validation rows.

    The outputs that are fitted are the network's raw ones, the same for every row: the logarithms of the
    classes' shares under a plain cross-entropy, the mean under a squared error, a median under an absolute
    one; with weights, smoothing or the loss of a plugin whatever is lowest.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    """
    train, val = fixed_rows(config, dataset)
    if val.x.shape[1] == 0:
        return None
    mean = train.target.mean(axis=1, dtype=np.float64)
    if dataset.task == "regression":
        starts = [mean, np.median(train.target, axis=1)]
    else:
        starts = [np.zeros(len(mean)), np.log(np.maximum(mean, TINY_SHARE))]
    on_train = _loss_on(config, dataset, train)
    _, outputs = min((_lowest(on_train, start) for start in starts), key=lambda found: found[0])
    loss, _ = _loss_on(config, dataset, val)(outputs)
    everywhere = np.repeat(outputs[:, np.newaxis], val.x.shape[1], axis=1)
    return ConstantAnswer(loss, float(score(everywhere, val.y)), val.x.shape[1], dataset.task != "regression")


def _loss_on(config: RunConfig, dataset: Dataset, rows: Rows) -> Measured:
    """Return a function of outputs ``(outputs,)``, the same for all rows: their loss and its gradient."""
    wide, count = rows.target.shape
    arena, tape = Arena([("dense", "z", wide)], count, np.float64), Tape(np.float64)
    block, value, loss = arena.blocks["z"], np.zeros(()), build_loss(config, dataset)
    target = rows.target.astype(np.float64)
    loss.record_value(tape, block, target, value)
    loss.record_error(tape, block, target)

    def measure(outputs: np.ndarray) -> tuple[float, np.ndarray]:
        block.values[...] = outputs[:, np.newaxis]
        with np.errstate(all="ignore"):
            tape.replay()
        return float(value), block.error.sum(axis=1)

    return measure


def _lowest(measure: Measured, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the lowest loss that gradient descent finds from a start, and where; steps grow as they help."""
    place, step = start, 1.0
    loss, slope = measure(place)
    for _ in range(ROUNDS):
        there = place - step * slope
        lower, next_slope = measure(there)
        if not lower < loss:
            step /= 2
            if step < SMALLEST_STEP:
                break
            continue
        gained, place, loss, slope, step = loss - lower, there, lower, next_slope, 2 * step
        if gained < ENOUGH * abs(loss):
            break
    return loss, place
