"""Several runs by one metric: the last value of each, the best and the worst of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

HIGHER_IS_BETTER = ("accuracy", "r2")
CLOSE = 0.02


def last_finite(values: np.ndarray) -> float | None:
    """Return the last finite value of a series, or None where there is none."""
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None


@dataclass(frozen=True)
class Ranking:
    """Runs by a metric.

    Attributes
    ----------
    best, worst : int
        Of the runs; the same where there is one alone.
    best_value, worst_value : float
    higher_is_better : bool
    is_close : bool
        Whether best and worst lie within :data:`CLOSE` of the larger of both.
    """

    best: int
    best_value: float
    worst: int
    worst_value: float
    higher_is_better: bool
    is_close: bool


def rank(metric: str, values: Mapping[int, float | None]) -> Ranking | None:
    """Return the best and the worst of several runs.

    Parameters
    ----------
    metric : str
        Such as ``val_loss``: of accuracies and R² the highest is best, of everything else the lowest.
    values : mapping
        By run; None where it was not measured.
    """
    known = {run: value for run, value in values.items() if value is not None}
    if not known:
        return None
    higher_is_better = metric.endswith(HIGHER_IS_BETTER)
    order = sorted(known, key=known.__getitem__, reverse=higher_is_better)
    best, worst = known[order[0]], known[order[-1]]
    is_close = abs(best - worst) <= CLOSE * max(abs(best), abs(worst))
    return Ranking(order[0], best, order[-1], worst, higher_is_better, is_close)
