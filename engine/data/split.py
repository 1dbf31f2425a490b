"""Which rows train, validate and test: at random, by group, or by time."""

import numpy as np

from engine.config.errors import ConfigError

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def split_rows(
    labels: np.ndarray | None, held_out: float, generator: np.random.Generator, rows: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled row numbers kept and held out, each class with the same share.

    Parameters
    ----------
    labels : numpy.ndarray or None
        ``(n,)`` classes to keep in proportion; None for a plain split of ``rows`` rows.
    held_out : float
        Share in [0, 1). The number held out is rounded once for all rows, to one row or more unless the
        share is 0; what rounding leaves over goes to the classes with the largest remainders.
    """
    count = len(labels) if labels is not None else int(rows or 0)
    order = generator.permutation(count)
    groups = [order] if labels is None else [order[labels[order] == c] for c in np.unique(labels)]
    exact = np.array([len(group) * held_out for group in groups])
    taken = np.floor(exact).astype(int)
    missing = max(round(count * held_out), int(held_out > 0)) - int(taken.sum())
    taken[np.argsort(taken - exact, kind="stable")[:missing]] += 1
    kept = np.concatenate([group[n:] for group, n in zip(groups, taken, strict=True)])
    held = np.concatenate([group[:n] for group, n in zip(groups, taken, strict=True)])
    return generator.permutation(kept), generator.permutation(held)


def used_rows(train_rows: int, fraction: float) -> int:
    """Return how many training rows a share of them is, one or more: the first ones, so that shares nest."""
    return max(1, round(fraction * train_rows))


def random_parts(
    labels: np.ndarray | None,
    rows: int,
    shares: tuple[float, float],
    generators: tuple[np.random.Generator, np.random.Generator],
) -> Parts:
    """Return row numbers that train, validate and test, each class with the same share.

    ``shares`` are those of validation and test; the validation rows do not depend on the share of the test.
    """
    rest, val = split_rows(labels, shares[0], generators[0], rows)
    if shares[1] == 0:
        return rest, val, rest[:0]
    left = labels[rest] if labels is not None else None
    train, test = split_rows(left, min(shares[1] / (1 - shares[0]), 0.999), generators[1], len(rest))
    return rest[train], val, rest[test]


def group_parts(groups: np.ndarray, shares: tuple[float, float], generator: np.random.Generator) -> Parts:
    """Return row numbers that train, validate and test, so that no group stands on two sides.

    Whole groups are drawn until their rows come nearest to each share.

    Raises
    ------
    ConfigError
        When there are fewer groups than sides.
    """
    names, numbers = np.unique(groups, return_inverse=True)
    sides = 2 + (shares[1] > 0)
    if len(names) < sides:
        raise ConfigError(f"split_column must hold at least {sides} groups, got {len(names)}")
    order = generator.permutation(len(names))
    filled = np.cumsum(np.bincount(numbers)[order])
    ends, start = [], 0
    for index, share in enumerate(shares):
        wanted = (filled[start - 1] if start else 0) + share * len(groups)
        latest = len(names) - sum(1 for later in shares[index + 1 :] if later > 0) - 1
        nearest = int(np.argmin(np.abs(filled - wanted))) + 1
        ends.append(min(max(nearest, start + 1), latest) if share > 0 else start)
        start = ends[-1]
    side_of_group = np.empty(len(names), np.int64)
    side_of_group[order] = np.searchsorted(ends, np.arange(len(names)), side="right")
    side = side_of_group[numbers]
    val, test, train = (np.flatnonzero(side == which) for which in (0, 1, 2))
    return generator.permutation(train), generator.permutation(val), generator.permutation(test)


def time_parts(times: np.ndarray, shares: tuple[float, float], generator: np.random.Generator) -> Parts:
    """Return row numbers that train, validate and test: the latest test, those before validate.

    Training rows are shuffled; rows of the same time keep the order of the file.
    """
    order = np.argsort(times, kind="stable")
    count = len(times)
    tests = max(round(count * shares[1]), int(shares[1] > 0))
    vals = max(round(count * shares[0]), 1)
    train, val = order[: count - vals - tests], order[count - vals - tests : count - tests]
    return generator.permutation(train), val, order[count - tests :]
