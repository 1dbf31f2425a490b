"""Sentences about the layers of a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.analysis.gradients import clipping_activity, element_magnitudes, gradient_flow
from engine.analysis.layers import activation_spread, weight_movement
from engine.config.optimizers import CLIPPING
from ui.shared.layer_text import format_ratio, list_layers
from ui.shared.text import NOTHING, format_share, format_short


def describe_flow(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say whether the gradient reaches the first of the layers as it reaches the last.

    Parameters
    ----------
    numbers, norms : numpy.ndarray
        ``(layers,)`` at one step, the input side first.
    """
    found = gradient_flow(numbers, norms)
    if found is None:
        return NOTHING
    where, largest = list_layers(found.layers), format_short(found.largest)
    ratio = f"layer {found.layers[0]} gets {format_ratio(found.ratio)} layer {found.layers[-1]}'s"
    return {
        "not_finite": f"The gradient of {where} is infinite or NaN.",
        "zero": f"The gradient of {where} is exactly 0: no error signal arrives there.",
        "single": f"One layer, gradient norm {largest}.",
        "huge": f"Very large gradient: norm {largest} in {where}.",
        "tiny": f"Tiny gradients: {largest} or less in every layer.",
        "vanishing": f"Vanishing gradient: {ratio}.",
        "exploding": f"Exploding gradient: {ratio}.",
        "healthy": f"The gradient reaches all layers: {ratio}.",
    }[found.kind]


def describe_activations(numbers: np.ndarray, std: np.ndarray) -> str:
    """Say whether the outputs still differ between rows in the last layer shown."""
    found = activation_spread(numbers, std)
    if found is None:
        return NOTHING
    (first, last), (before, after) = found.layers, map(format_short, found.stds)
    if first == last:
        return f"The outputs of layer {first} have a standard deviation of {before}."
    if found.is_lost:
        ends = [f"{std} in layer {layer}" for layer, std in ((first, before), (last, after))]
        others = [end for end in ends if not end.endswith(f" layer {found.narrowest_layer}")]
        return (
            f"The outputs of layer {found.narrowest_layer} barely differ between rows: standard deviation "
            f"{format_short(found.narrowest)}, against {' and '.join(others)}."
        )
    return (
        f"The standard deviation of the outputs goes from {before} in layer {first} to {after} in layer "
        f"{last}."
    )


def describe_gradient_elements(layer: int, counts: np.ndarray, powers: np.ndarray) -> str:
    """Say where half of a layer's gradient elements lie; ``counts`` are those of the newest snapshot."""
    found = element_magnitudes(counts, powers)
    if found is None:
        return f"Layer {layer}'s gradient is infinite or NaN in the newest snapshot."
    zeros = f"{format_share(found.zero_share)} are exactly 0" if found.zero_share else "none are exactly 0"
    if found.median_below == 0:
        return f"Of layer {layer}'s gradient elements {zeros}."
    return f"Half of layer {layer}'s gradient elements are below {format_short(found.median_below)}; {zeros}."


def describe_weights(layer: int, first: np.ndarray, last: np.ndarray) -> str:
    """Say how far a layer's weights have moved from their first snapshot to their newest one."""
    found = weight_movement(first, last)
    if found is None:
        return f"Layer {layer}'s weights are infinite or NaN."
    before, after = map(format_short, found.stds)
    spread = f"standard deviation {before} to {after}"
    if found.ratio is None:
        return f"Layer {layer}'s weights started at 0 ({spread})."
    length = f"{format_short(found.ratio)} times" if found.ratio > 2 else f"{format_share(found.ratio)} of"
    verdict = ": it has hardly learned" if found.is_little else ""
    return f"Layer {layer}'s weights moved by {length} their norm ({spread}){verdict}."


def describe_clipping(before: np.ndarray, after: np.ndarray, is_set: bool) -> str:
    """Say in how many of the recorded steps clipping acted, and how much it took."""
    found = clipping_activity(before, after)
    if found is None:
        return NOTHING
    if not is_set:
        return (
            f"No clipping. Gradient norm: median {format_short(found.median)}, highest "
            f"{format_short(found.largest)}."
        )
    if found.share == 0:
        return f"Clipping was never active in the {found.records:,} recorded steps."
    return (
        f"Clipping was active in {format_share(found.share)} of the {found.records:,} recorded steps and "
        f"reduced the norm to {format_share(found.kept)} (median)."
    )


def describe_limits(config: Mapping[str, Any]) -> str:
    """Return the limits of a run in the order in which they act, as one more sentence; empty if none."""
    limits = [f"{name} {config[name]:g}" for name in CLIPPING if config.get(name) is not None]
    return f" Limits in order: {', then '.join(limits)}." if limits else ""
