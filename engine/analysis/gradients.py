"""Findings about the gradients of a run, with their numbers: flow through the layers, magnitudes, clipping.

Layers are counted from 1 on the input side. Each function takes the statistics of the chosen layers and
returns a finding, or None where nothing was measured.
"""

from dataclasses import dataclass

import numpy as np

# First layer's norm over last layer's: the gradient vanishes below one limit and explodes above the other.
VANISHING_RATIO, EXPLODING_RATIO = 1e-3, 70.0
# The norm itself.
TINY_NORM, HUGE_NORM = 1e-5, 1e3
MOST = 0.5
NOT_CLIPPED = 1 - 1e-6


@dataclass(frozen=True)
class GradientFlow:
    """How the gradient reaches the layers at one step.

    Attributes
    ----------
    kind : str
        ``not_finite``, ``zero`` (exactly, in some layers), ``single`` (one layer), ``huge``, ``tiny``,
        ``vanishing``, ``exploding`` (towards the input side) or ``healthy``.
    layers : tuple of int
        Those that the kind is about: not finite, zero or of the largest norm; otherwise first and last.
    ratio : float
        Norm of the first layer over norm of the last one; NaN where it is not defined.
    largest : float
        Largest norm of a layer.
    """

    kind: str
    layers: tuple[int, ...]
    ratio: float = float("nan")
    largest: float = float("nan")


def gradient_flow(numbers: np.ndarray, norms: np.ndarray) -> GradientFlow | None:
    """Tell whether the gradient reaches the first of the layers as it reaches the last.

    Parameters
    ----------
    numbers, norms : numpy.ndarray
        ``(layers,)`` gradient norms at one step, the input side first.
    """
    if not np.isfinite(norms).any():
        return None
    if not np.isfinite(norms).all():
        return GradientFlow("not_finite", as_layers(numbers[~np.isfinite(norms)]))
    if (norms == 0).any():
        return GradientFlow("zero", as_layers(numbers[norms == 0]), largest=float(norms.max()))
    ratio, largest = float(norms[0] / norms[-1]), float(norms.max())
    if len(norms) == 1:
        return GradientFlow("single", as_layers(numbers), ratio, largest)
    if largest > HUGE_NORM:
        return GradientFlow("huge", (int(numbers[norms.argmax()]),), ratio, largest)
    kind = "healthy"
    if largest < TINY_NORM:
        kind = "tiny"
    elif ratio < VANISHING_RATIO:
        kind = "vanishing"
    elif ratio > EXPLODING_RATIO:
        kind = "exploding"
    return GradientFlow(kind, (int(numbers[0]), int(numbers[-1])), ratio, largest)


@dataclass(frozen=True)
class FlowOverTime:
    """How the gradient reached the layers over the recorded steps.

    Attributes
    ----------
    kind : str
        ``huge``, ``zero`` (exactly, somewhere), ``single`` (one layer), ``tiny``, ``vanishing`` (in most
        steps), ``vanishing_at_times`` or ``healthy``. An explosion comes first: zeros can follow from it.
    layers : tuple of int
        Those that the kind is about: with zeros, or of the largest norm; otherwise the first and the last.
    share : float
        Of the gradients that are exactly 0, or of the recorded steps in which the gradient was tiny or
        vanished; 0 for the other kinds.
    ratios : tuple of float
        Lowest and highest ratio of the first layer's norm to the last one's; NaN where it says nothing.
    norms : tuple of float
        Norm of the first layer at the first and at the last record.
    largest : float
        Largest norm of any layer.
    broken : float
        Of a huge gradient: share of the records, from the first gradient on, with a norm that is not finite.
    """

    kind: str
    layers: tuple[int, ...]
    share: float
    ratios: tuple[float, float]
    norms: tuple[float, float]
    largest: float
    broken: float = 0.0


def flow_over_time(numbers: np.ndarray, norms: np.ndarray) -> FlowOverTime | None:
    """Tell over how much of a run the gradient of its first layer had vanished.

    Parameters
    ----------
    numbers : numpy.ndarray
        ``(layers,)``.
    norms : numpy.ndarray
        ``(records, layers)`` gradient norms; records with a norm that is not finite are passed over.
    """
    known = finite_records(norms)
    if len(known) == 0:
        return None
    ends = (int(numbers[0]), int(numbers[-1]))
    first, largest = (float(known[0, 0]), float(known[-1, 0])), float(known.max())
    zero, nan = known == 0, (float("nan"), float("nan"))
    if largest > HUGE_NORM and known.shape[1] > 1:
        worst = int(numbers[known.max(axis=0).argmax()])
        before = int(np.argmax(np.isfinite(norms).all(axis=1)))  # until its first step a run has no gradient
        broken = 1 - len(known) / (len(norms) - before)
        return FlowOverTime("huge", (worst,), 0.0, nan, first, largest, broken)
    if zero.any():
        layers = as_layers(numbers[zero.any(axis=0)])
        return FlowOverTime("zero", layers, float(zero.mean()), nan, first, largest)
    ratios = known[:, 0] / known[:, -1]
    span = (float(ratios.min()), float(ratios.max()))
    if known.shape[1] == 1:
        return FlowOverTime("single", ends[:1], 0.0, span, first, largest)
    tiny = float((known.max(axis=1) < TINY_NORM).mean())
    if tiny > MOST:
        return FlowOverTime("tiny", ends, tiny, span, first, largest)
    vanished = float((ratios < VANISHING_RATIO).mean())
    kind = "vanishing" if vanished > MOST else "vanishing_at_times" if vanished else "healthy"
    return FlowOverTime(kind, ends, vanished, span, first, largest)


@dataclass(frozen=True)
class NormSpread:
    """The layers of the smallest and of the largest median gradient norm."""

    smallest_layer: int
    smallest: float
    largest_layer: int
    largest: float

    @property
    def factor(self) -> float:
        """How many times the smallest median the largest one is."""
        return self.largest / self.smallest if self.smallest else float("inf")


def norm_spread(numbers: np.ndarray, norms: np.ndarray) -> NormSpread | None:
    """Compare the median gradient norms of the layers, ``norms`` being ``(records, layers)``."""
    known = finite_records(norms)
    if len(known) == 0:
        return None
    medians = np.median(known, axis=0)
    low, high = int(medians.argmin()), int(medians.argmax())
    return NormSpread(int(numbers[low]), float(medians[low]), int(numbers[high]), float(medians[high]))


@dataclass(frozen=True)
class ElementMagnitudes:
    """Elements of one layer's gradient: the share that is exactly 0, and what half of them stay below."""

    zero_share: float
    median_below: float


def element_magnitudes(counts: np.ndarray, powers: np.ndarray) -> ElementMagnitudes | None:
    """Return where half of a layer's gradient elements lie.

    Parameters
    ----------
    counts : numpy.ndarray
        ``(len(powers),)`` from :func:`engine.analysis.profile.magnitude_counts`: exact zeros first.
    powers : numpy.ndarray
        Edges of the bins as powers of ten.
    """
    total = counts.sum()
    if total == 0:
        return None
    half = int(np.searchsorted(np.cumsum(counts), total / 2))
    return ElementMagnitudes(float(counts[0] / total), float(10.0 ** powers[half]) if half else 0.0)


@dataclass(frozen=True)
class ClippingActivity:
    """What clipping did to the norm of the whole gradient.

    Attributes
    ----------
    records : int
        Recorded steps with a gradient.
    share : float
        Of them in which clipping acted.
    kept : float
        Median share of the norm that clipping left where it acted; 1 where it never did.
    median, largest : float
        Of the norms before clipping.
    """

    records: int
    share: float
    kept: float
    median: float
    largest: float


def clipping_activity(before: np.ndarray, after: np.ndarray) -> ClippingActivity | None:
    """Tell in how many steps clipping acted, from the norms ``(records,)`` before and after it."""
    known = np.isfinite(before) & np.isfinite(after) & (before > 0)
    if not known.any():
        return None
    left = after[known] / before[known]
    acted = left < NOT_CLIPPED
    return ClippingActivity(
        int(known.sum()),
        float(acted.mean()),
        float(np.median(left[acted])) if acted.any() else 1.0,
        float(np.median(before[known])),
        float(before[known].max()),
    )


def finite_records(values: np.ndarray) -> np.ndarray:
    """Return those of the records ``(records, layers)`` in which every layer has a finite value."""
    return values[np.isfinite(values).all(axis=1)]


def as_layers(numbers: np.ndarray) -> tuple[int, ...]:
    """Return numbers of layers as plain values."""
    return tuple(int(number) for number in numbers)
