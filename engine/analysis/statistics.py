"""Means over seeds with their uncertainty, paired differences, Holm's correction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

LEVEL = 0.95
ALPHA = 0.05
ROUNDING = 1e-12


@dataclass(frozen=True)
class Interval:
    """A mean and how far the true one may lie from it.

    Attributes
    ----------
    mean : float
    half : float
        Half the width of the 95 % interval: the number behind ±. NaN for fewer than two values.
    n : int
        Values that it was made of.
    """

    mean: float
    half: float
    n: int


@dataclass(frozen=True)
class Difference:
    """One candidate minus another, paired by seed.

    Attributes
    ----------
    interval : Interval
        Of the differences; its n is the number of pairs.
    p : float
        Of the two-sided test that there is no difference, for this pair alone; NaN for fewer than two pairs.
    unpaired : tuple of int
        Seeds that only one of both has; they count for nothing here.
    """

    interval: Interval
    p: float
    unpaired: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """A candidate against the reference, as one of several comparisons.

    Attributes
    ----------
    candidate, reference : int
        Places in the list of candidates.
    difference : Difference
        Candidate minus reference.
    p : float
        Corrected by Holm for all comparisons of the family; NaN where there are fewer than two pairs.
    family : int
        How many comparisons it was corrected for.
    """

    candidate: int
    reference: int
    difference: Difference
    p: float
    family: int

    @property
    def is_distinguishable(self) -> bool:
        """Whether the difference is more than chance would make of equal candidates in 1 of 20 tables."""
        return self.p < ALPHA


def t_quantile(n: int) -> float:
    """Return the factor of the standard error of ``n`` values that gives a 95 % interval (Student, 1908)."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + LEVEL) / 2)) if n > 1 else float("nan")


def mean_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Return the mean of values, one a seed, with its 95 % interval by Student's t.

    ``mean ± t(n - 1) s / sqrt(n)`` with the standard deviation ``s`` of n - 1 degrees of freedom.
    """
    array = np.asarray(values, np.float64)
    if array.size == 0:
        return Interval(float("nan"), float("nan"), 0)
    mean, half = interval_over(array[:, np.newaxis])
    return Interval(float(mean[0]), float(half[0]), len(array))


def interval_over(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and half width of the 95 % interval at each point of curves.

    Parameters
    ----------
    values : numpy.ndarray
        ``(n, points)``, one row a seed.

    Returns
    -------
    mean, half : numpy.ndarray
        ``(points,)``; ``half`` is NaN for a single row, and 0 where all rows are equal.
    """
    n = len(values)
    mean = values.mean(axis=0)
    if n < 2:
        return mean, np.full(values.shape[1], np.nan)
    half = t_quantile(n) * values.std(axis=0, ddof=1) / np.sqrt(n)
    is_equal = (values == values[0]).all(axis=0)  # what the sums round off is no spread
    return np.where(is_equal, values[0], mean), np.where(is_equal, 0.0, half)


def paired_difference(first: Mapping[int, float], second: Mapping[int, float]) -> Difference:
    """Return first minus second over the seeds that both have, with the paired t test (Student, 1908).

    Where all differences are equal, as with scores that count few rows, t has no spread to go by: the
    sign test stands in for it, ``p = 2^(1 - n)``, and p is 1 where nothing differs.

    Parameters
    ----------
    first, second : mapping
        Value by seed.
    """
    common = sorted(first.keys() & second.keys())
    unpaired = tuple(sorted(first.keys() ^ second.keys()))
    pairs = np.array([[first[seed], second[seed]] for seed in common]).reshape(-1, 2)
    differences = pairs[:, 0] - pairs[:, 1]
    tiny = ROUNDING * float(np.abs(pairs).max(initial=0))
    if len(differences) and np.ptp(differences) <= tiny:  # what subtractions round off is no difference
        differences[:] = 0.0 if abs(differences.mean()) <= tiny else differences.mean()
    interval = mean_interval(differences)
    return Difference(interval, _p_value(interval), unpaired)


def _p_value(interval: Interval) -> float:
    from scipy.special import stdtr

    n = interval.n
    if n < 2:
        return float("nan")
    if interval.half == 0:
        return 1.0 if interval.mean == 0 else 2.0 ** (1 - n)
    t = interval.mean / (interval.half / t_quantile(n))
    return float(2 * stdtr(n - 1, -abs(t)))


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return p values corrected for their number, in their order; NaN stays and counts for nothing.

    Step-down: the smallest times m, the next times m - 1, ..., never falling, 1 at most (Holm, 1979). With
    them the chance of one false finding or more among all is 5 % at most, however they hang together.
    """
    values = np.asarray(p, np.float64)
    corrected = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1)
    return corrected


def compare(
    candidates: Sequence[Mapping[int, float]], reference: int | None = None, *, higher_is_better: bool = True
) -> list[Comparison]:
    """Return every candidate against the reference, corrected for the number of comparisons.

    With a reference that was chosen beforehand there is one comparison for each other candidate. Without
    one, all are held against the best: it was picked by looking, so the correction counts every pair.

    Parameters
    ----------
    candidates : sequence of mapping
        Value by seed of each; one without a value is never the best.
    reference : int, optional
        Place of the baseline.
    """
    if reference is None:
        pairs = list(combinations(range(len(candidates)), 2))
    else:
        pairs = [(place, reference) for place in range(len(candidates)) if place != reference]
    found = [paired_difference(candidates[first], candidates[second]) for first, second in pairs]
    corrected = holm([difference.p for difference in found])
    family = int(np.isfinite(corrected).sum())
    best = _best(candidates, higher_is_better) if reference is None else reference
    comparisons = []
    for (first, second), difference, p in zip(pairs, found, corrected, strict=True):
        if best is None or best not in (first, second):
            continue
        other, turned = (first, difference) if second == best else (second, _turned(difference))
        comparisons.append(Comparison(other, best, turned, float(p), family))
    return comparisons


def _best(candidates: Sequence[Mapping[int, float]], higher_is_better: bool) -> int | None:
    means = {i: np.mean(list(values.values())) for i, values in enumerate(candidates) if values}
    if not means:
        return None
    return (max if higher_is_better else min)(means, key=means.__getitem__)


def _turned(difference: Difference) -> Difference:
    interval = difference.interval
    turned = Interval(0.0 - interval.mean, interval.half, interval.n)  # 0 stays 0, without a sign
    return Difference(turned, difference.p, difference.unpaired)
