"""Findings about the layers of a run, with their numbers: update ratios, units, activations, weights.

Layers are counted from 1 on the input side. Each function takes the statistics of the chosen layers and
returns a finding, or None where nothing was measured.
"""

from dataclasses import dataclass

import numpy as np

from engine.analysis.gradients import as_layers, finite_records

# Length of an update over length of the weights, as it is in runs that learn well.
GOOD_RATIO = (10**-2.8, 10**-1.7)
NOTABLE_SHARE = 0.2
LOST_SPREAD = 0.01
LITTLE_MOVEMENT = 0.01


@dataclass(frozen=True)
class UpdateRatios:
    """Layers by their median update ratio, against :data:`GOOD_RATIO`.

    Attributes
    ----------
    frozen, slow, fast : tuple of int
        Layers whose median is 0, below the band, above the band.
    smallest, largest : float
        Of the medians; the smallest is that of the layers that move at all.
    """

    frozen: tuple[int, ...]
    slow: tuple[int, ...]
    fast: tuple[int, ...]
    smallest: float
    largest: float

    @property
    def is_good(self) -> bool:
        """Whether every layer lies in the band."""
        return not (self.frozen or self.slow or self.fast)


def update_ratios(numbers: np.ndarray, ratios: np.ndarray) -> UpdateRatios | None:
    """Tell which layers' updates are too small or too large beside their weights.

    Parameters
    ----------
    ratios : numpy.ndarray
        ``(records, layers)`` length of each update over the length of the weights.
    """
    known = finite_records(ratios)
    if len(known) == 0:
        return None
    medians = np.median(known, axis=0)
    moving = medians[medians > 0]
    return UpdateRatios(
        as_layers(numbers[medians == 0]),
        as_layers(numbers[(medians > 0) & (medians < GOOD_RATIO[0])]),
        as_layers(numbers[medians > GOOD_RATIO[1]]),
        float(moving.min()) if len(moving) else 0.0,
        float(medians.max()),
    )


@dataclass(frozen=True)
class UnitShare:
    """The layer with the largest share of dead or saturated units, and whether that share matters."""

    layer: int
    share: float
    is_notable: bool


def largest_share(numbers: np.ndarray, shares: np.ndarray) -> UnitShare | None:
    """Return where most units are dead or saturated, ``shares`` being ``(layers,)`` at one evaluation."""
    if not np.isfinite(shares).any():
        return None
    worst = int(np.nanargmax(shares))
    share = float(shares[worst])
    return UnitShare(int(numbers[worst]), share, share > NOTABLE_SHARE)


@dataclass(frozen=True)
class ActivationSpread:
    """How much the outputs of the layers differ between rows.

    Attributes
    ----------
    layers : tuple of int
        First and last layer that was measured.
    stds : tuple of float
        Standard deviation of their outputs.
    narrowest_layer, narrowest : int, float
        The layer whose outputs differ least, and their standard deviation.
    is_lost : bool
        Whether hardly any difference gets through that layer: its deviation is less than a hundredth of the
        largest, or of 1 where another layer explodes.
    """

    layers: tuple[int, int]
    stds: tuple[float, float]
    narrowest_layer: int
    narrowest: float
    is_lost: bool


def activation_spread(numbers: np.ndarray, std: np.ndarray) -> ActivationSpread | None:
    """Tell whether the signal still differs between rows in the last layer, ``std`` being ``(layers,)``."""
    known = np.isfinite(std)
    if not known.any():
        return None
    at, stds = numbers[known], std[known]
    narrow = int(stds.argmin())
    return ActivationSpread(
        (int(at[0]), int(at[-1])),
        (float(stds[0]), float(stds[-1])),
        int(at[narrow]),
        float(stds[narrow]),
        bool(stds[narrow] < LOST_SPREAD * min(1.0, stds.max())),
    )


@dataclass(frozen=True)
class WeightMovement:
    """How far the weights of one layer went.

    Attributes
    ----------
    ratio : float or None
        Length of the way over the length of the first weights; None where those are 0.
    stds : tuple of float
        Standard deviation of the weights before and after.
    is_little : bool
        Whether the layer has hardly moved.
    """

    ratio: float | None
    stds: tuple[float, float]
    is_little: bool


def weight_movement(first: np.ndarray, last: np.ndarray) -> WeightMovement | None:
    """Compare a layer's weights ``(n,)`` at two snapshots; None where they are not finite."""
    if not (np.isfinite(first).all() and np.isfinite(last).all()):
        return None
    first, last = first.astype(np.float64), last.astype(np.float64)
    with np.errstate(over="ignore"):  # weights of a run that is about to diverge
        before, moved = float(np.linalg.norm(first)), float(np.linalg.norm(last - first))
        stds = (float(first.std()), float(last.std()))
    return WeightMovement(
        moved / before if before else None, stds, before > 0 and moved < LITTLE_MOVEMENT * before
    )
