"""A grid of places over the inputs of a dataset with one or two features; knows no network."""

from dataclasses import dataclass

import numpy as np

from engine.data.dataset import Dataset

MARGIN = 0.15


@dataclass(frozen=True, eq=False)
class Grid:
    """Places to ask a network about.

    Attributes
    ----------
    points : numpy.ndarray
        ``(n, features)``, standardised as the network takes them.
    axes : tuple of numpy.ndarray
        Values along each feature, in the units of the data; the last feature varies slowest in ``points``.
    """

    points: np.ndarray
    axes: tuple[np.ndarray, ...]


def grid_over(dataset: Dataset, resolution: int = 64) -> Grid:
    """Return a grid over the rows of a dataset with one or two features, a little wider than they spread.

    Raises
    ------
    ValueError
        For more than two features: there is no plane to draw on.
    """
    if dataset.features > 2:
        raise ValueError(f"a boundary needs 1 or 2 features, got {dataset.features}")
    rows = np.concatenate([dataset.x_train, dataset.x_val])
    low, high = rows.min(axis=0), rows.max(axis=0)
    room = MARGIN * (high - low)
    scaled = [np.linspace(a, b, resolution) for a, b in zip(low - room, high + room, strict=True)]
    mesh = np.meshgrid(*scaled)
    points = np.column_stack([each.ravel() for each in mesh])
    axes = tuple(
        axis * scale + mean for axis, scale, mean in zip(scaled, dataset.x_scale, dataset.x_mean, strict=True)
    )
    return Grid(points, axes)
