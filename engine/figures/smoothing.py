"""Arithmetic on curves before plotting: smoothing, envelope, difference."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

BUCKETS_AT_MOST, MEDIANS_AT_MOST = 256, 128
UNITS = 200
SMALL = 1e-4


@dataclass(frozen=True)
class Smoothing:
    """How the curves of one chart are smoothed: all by the same distance on its x axis.

    Attributes
    ----------
    weight : float
        In [0, 1): how much of what was remains after a two-hundredth of the axis; 0 changes nothing.
    span : float
        What the chart's curves cover on the x axis; on a logarithmic one in powers of e.
    is_log : bool
        Whether the x axis is logarithmic.
    """

    weight: float
    span: float = 0.0
    is_log: bool = False

    @classmethod
    def over(cls, places: Iterable[np.ndarray], weight: float, *, is_log: bool = False) -> "Smoothing":
        """Return the smoothing of curves that stand at these places ``(n,)`` of the x axis, ascending."""
        drawn = [_drawn(each, is_log) for each in places if len(each)]
        span = max(each[-1] for each in drawn) - min(each[0] for each in drawn) if drawn else 0.0
        return cls(weight, float(span), is_log)

    def __call__(self, x: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return finite values ``(n,)`` at the places x, smoothed."""
        if self.span <= 0:
            return values
        return smoothed(_drawn(x, self.is_log) * (UNITS / self.span), values, self.weight)


def _drawn(x: np.ndarray, is_log: bool) -> np.ndarray:
    """Return where places are drawn on an axis; what a logarithmic one cannot show stands at its left end."""
    if not is_log:
        return x
    above = x[x > 0]
    return np.log(np.maximum(x, above.min())) if len(above) else np.zeros(len(x))


def smoothed(x: np.ndarray, values: np.ndarray, weight: float) -> np.ndarray:
    """Return the exponential moving average of a curve over distance, without the pull towards its start.

    It is the mean of the line through the points up to x, weighted at the distance d before x by
    ``weight ** d``, and so the same however densely the line was measured. With a = d (-ln weight) between
    two neighbours and y from y0 to y1, the part between them adds ``A y0 + B y1`` where
    ``A = (1 - exp(-a)) / a - exp(-a)`` and ``B = 1 - (1 - exp(-a)) / a``. A constant curve stays as it is.

    Parameters
    ----------
    x : numpy.ndarray
        ``(n,)`` ascending.
    values : numpy.ndarray
        ``(n,)`` finite.
    weight : float
        In [0, 1): what is left of the past after a distance of 1; 0 changes nothing.
    """
    if weight == 0 or len(values) < 2 or (values == values[0]).all():
        return values
    apart = -math.log(weight) * np.diff(x)
    kept = np.exp(-apart)
    with np.errstate(divide="ignore", invalid="ignore"):
        later = 1 + np.expm1(-apart) / apart
    later = np.where(apart < SMALL, apart / 2 - apart**2 / 6, later)
    added = (1 - kept - later) * values[:-1] + later * values[1:]
    total, share, found = 0.0, 0.0, [float(values[0])]
    for value, part, kept_of_it in zip(values[1:].tolist(), added.tolist(), kept.tolist(), strict=True):
        total = kept_of_it * total + part
        share = kept_of_it * share + (1 - kept_of_it)
        found.append(total / share if share > 0 else value)
    return np.array(found)


def envelope(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return lowest and highest value of runs of neighbours, so that no spike is lost.

    The runs are equally long (a power of two) and begin at the first point: points that come later change
    the last of them only, until all of them double.

    Returns
    -------
    x, lowest, highest : numpy.ndarray
        ``(m,)`` with m <= 256; ``x`` is where each run of neighbours begins.
    size : int
        Points in each.
    """
    size = _neighbours(len(x), BUCKETS_AT_MOST)
    starts = np.arange(0, len(x), size)
    if len(starts) == 0:
        return x, y, y, size
    return x[starts], np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts), size


@dataclass(frozen=True, eq=False)
class Middle:
    """The running middle of a curve: a point for each run of neighbours.

    Attributes
    ----------
    x : numpy.ndarray
        ``(m,)`` the place in the middle of each run of neighbours.
    low, median, high : numpy.ndarray
        ``(m,)``: four fifths of the values lie from low to high.
    size : int
        Points in each run; 1 where the curve has few enough, and all three are its values.
    """

    x: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    size: int


def middle_of(x: np.ndarray, y: np.ndarray) -> Middle:
    """Return median and middle four fifths of runs of neighbours, 128 or fewer; all arrays ``(n,)``.

    The runs are those of :func:`envelope`: what comes later changes the last of them only, until all double.
    """
    size = _neighbours(len(x), MEDIANS_AT_MOST)
    if size == 1:
        return Middle(x, y, y, y, 1)
    starts = np.arange(0, len(x), size)
    parts = [y[start : start + size] for start in starts]
    low, median, high = np.array([np.percentile(part, (10, 50, 90)) for part in parts]).T
    centres = starts + [(len(part) - 1) // 2 for part in parts]
    return Middle(x[centres], low, median, high, size)


def _neighbours(count: int, runs_at_most: int) -> int:
    """Return how many points stand together so that there are few enough runs of them: a power of two."""
    size = 1
    while count > size * runs_at_most:
        size *= 2
    return size


def difference(
    x: np.ndarray, y: np.ndarray, base_x: np.ndarray, base_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where and by how much a curve differs from another one, over what both of them cover.

    Between two points of the other curve its value is read off the straight line between them.
    """
    if len(base_x) == 0:
        return x[:0], y[:0]
    both = (x >= base_x[0]) & (x <= base_x[-1])
    return x[both], y[both] - np.interp(x[both], base_x, base_y)
