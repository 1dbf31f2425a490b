"""A grid of places over the coordinates of a dataset, a line or a plane."""

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
        Values along each coordinate, in the units of the data; the last one varies slowest in ``points``.
    """

    points: np.ndarray
    axes: tuple[np.ndarray, ...]


def grid_over(dataset: Dataset, resolution: int = 64) -> Grid:
    """Return a grid over the rows of a dataset with one or two coordinates, a little wider than they spread.

    Raises
    ------
    ValueError
        For more than two coordinates: there is no plane to draw on.
    """
    if len(dataset.axis_names) > 2:
        raise ValueError(f"a boundary needs 1 or 2 coordinates, got {len(dataset.axis_names)}")
    rows = np.concatenate([dataset.coordinates("training"), dataset.coordinates("validation")])
    low, high = rows.min(axis=0), rows.max(axis=0)
    room = MARGIN * (high - low)
    axes = tuple(np.linspace(a, b, resolution) for a, b in zip(low - room, high + room, strict=True))
    places = np.column_stack([each.ravel() for each in np.meshgrid(*axes)])
    return Grid(dataset.inputs_at(places), axes)
