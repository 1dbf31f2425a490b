"""Arithmetic on curves before plotting: smoothing, envelope, difference."""

import numpy as np

BUCKETS_AT_MOST = 256


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Return the exponential moving average of finite values, without the pull towards zero at the start.

    ``s = weight s + (1 - weight) y``, divided by ``1 - weight^n`` (the correction of Adam's moments; Kingma
    and Ba, 2015). It takes in every value, before a chart leaves any out. A constant curve stays as it is.

    Parameters
    ----------
    values : numpy.ndarray
        ``(n,)``
    weight : float
        In [0, 1): how much of the past is kept; 0 changes nothing.
    """
    if weight == 0 or len(values) < 2 or (values == values[0]).all():
        return values
    average, share, found = 0.0, 0.0, []
    for value in values.tolist():
        average = weight * average + (1 - weight) * value
        share = weight * share + (1 - weight)
        found.append(average / share)
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
    size = 1
    while len(x) > size * BUCKETS_AT_MOST:
        size *= 2
    starts = np.arange(0, len(x), size)
    if len(starts) == 0:
        return x, y, y, size
    return x[starts], np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts), size


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
