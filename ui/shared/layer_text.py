"""Sentences about the layers of a run: gradient norms, update ratios, dead and saturated units."""

from collections.abc import Sequence

import numpy as np

from engine.analysis.gradients import TINY_NORM, VANISHING_RATIO, flow_over_time, norm_spread
from engine.analysis.layers import largest_share, update_ratios
from ui.shared.text import NOTHING, format_share, format_short

LISTED_AT_MOST = 6


def list_layers(numbers: Sequence[int] | np.ndarray) -> str:
    """Return layers as people list them: ``layer 3``, ``layers 1 to 4``, ``layers 1, 3, 5``."""
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    if len(numbers) > 2 and (np.diff(numbers) == 1).all():
        return f"layers {numbers[0]} to {numbers[-1]}"
    shown = ", ".join(str(each) for each in numbers[:LISTED_AT_MOST])
    return f"layers {shown}{' and more' if len(numbers) > LISTED_AT_MOST else ''}"


def format_ratio(ratio: float) -> str:
    """Return a ratio with its preposition: ``0.02 of``, ``9 times``."""
    return f"{format_short(ratio)} {'of' if ratio < 1 else 'times'}"


def describe_flow_over_time(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say over how much of a run the gradient of its first layer had vanished.

    Parameters
    ----------
    numbers : numpy.ndarray
        ``(layers,)``, 1 on the input side.
    norms : numpy.ndarray
        ``(records, layers)``.
    """
    found = flow_over_time(numbers, norms)
    if found is None:
        return NOTHING
    first, last = found.layers[0], found.layers[-1]
    share, limit = format_share(found.share), f"1/{1 / VANISHING_RATIO:.0f}"
    low, high = found.ratios
    match found.kind:
        case "zero":
            return f"{share} of the gradients are exactly 0 ({list_layers(found.layers)})."
        case "single":
            return (
                f"The gradient norm went from {format_short(found.norms[0])} to "
                f"{format_short(found.norms[1])}."
            )
        case "huge":
            broken = (
                f"; {format_share(found.broken)} of the records are infinite or NaN" if found.broken else ""
            )
            return (
                f"Very large gradients: norm up to {format_short(found.largest)}, in layer {first}{broken}."
            )
        case "tiny":
            return (
                f"Tiny gradients: below {format_short(TINY_NORM)} in every layer in {share} of the recorded "
                f"steps. Layer {first} gets as little as {format_ratio(low)} layer {last}'s."
            )
        case "vanishing":
            return (
                f"Vanishing gradient: layer {first} gets less than {limit} of layer {last}'s in {share} "
                "of the recorded steps."
            )
        case "vanishing_at_times":
            return (
                f"Layer {first} gets less than {limit} of layer {last}'s gradient in {share} of the recorded "
                "steps."
            )
    return (
        f"The gradient reaches all layers: layer {first} gets {format_short(low)} to {format_short(high)} "
        f"times layer {last}'s."
    )


def describe_norm_spread(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say how far the median gradient norms lie apart, and which layers have the lowest and the highest."""
    found = norm_spread(numbers, norms)
    if found is None:
        return NOTHING
    if found.smallest == 0:
        return f"The median gradient of layer {found.smallest_layer} is exactly 0."
    if len(numbers) == 1:
        return f"Median gradient norm of layer {numbers[0]}: {format_short(found.smallest)}."
    return (
        f"Median norm: lowest in layer {found.smallest_layer} ({format_short(found.smallest)}), highest "
        f"in layer {found.largest_layer} ({format_short(found.largest)}), a factor of "
        f"{format_short(found.factor)} apart."
    )


def describe_update_ratios(numbers: np.ndarray, ratios: np.ndarray) -> str:
    """Say which layers' updates are too small or too large beside their weights, by the median."""
    found = update_ratios(numbers, ratios)
    if found is None:
        return NOTHING
    if found.is_good:
        return "The median update ratio of every layer is in the good range: the learning rate fits."
    parts = []
    if found.frozen:
        parts.append(f"no learning in {list_layers(found.frozen)} (median update ratio 0)")
    if found.slow:
        lowest = f"median update ratio as low as {format_short(found.smallest)}"
        parts.append(f"slow learning in {list_layers(found.slow)} ({lowest})")
    if found.fast:
        highest = f"median update ratio up to {format_short(found.largest)}"
        parts.append(f"large steps in {list_layers(found.fast)} ({highest})")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def describe_units(numbers: np.ndarray, shares: np.ndarray, kind: str) -> str:
    """Say where most units are dead or saturated in the newest evaluation.

    Parameters
    ----------
    numbers, shares : numpy.ndarray
        ``(layers,)``.
    kind : {"dead", "saturated"}
    """
    found = largest_share(numbers, shares)
    if found is None:
        return NOTHING
    if found.share == 0:
        return f"No {kind} units."
    gradient = "no gradient" if kind == "dead" else "almost no gradient"
    consequence = f"; they pass on {gradient}" if found.is_notable else ""
    return f"Layer {found.layer} has the most {kind} units, {format_share(found.share)}{consequence}."
