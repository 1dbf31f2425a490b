"""Sentences about the layers of a run."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.config.optimizers import CLIPPING
from engine.figures.layers import GOOD_RATIO

VANISHING, FAINT, EXPLODING = 1e-3, 1e-5, 70.0
STILL, HUGE = 1e-5, 1e3
NOTICEABLE_SHARE, MOST = 0.2, 0.5
NOTHING = "Nothing is measured yet."


def few(value: float) -> str:
    """Return a number with two digits, such as ``2.1e-6`` or ``240``."""
    rounded = f"{value:.2g}"
    if 100 <= abs(float(rounded)) < 1e5:
        return f"{float(rounded):,.0f}"
    return re.sub(r"e([+-])0*", r"e\1", rounded).replace("e+", "e")


def share(value: float) -> str:
    """Return a share in whole percent, never rounded to 0 or 100 when it is not."""
    if 0 < value < 0.01:
        return "less than 1 %"
    if 0.99 < value < 1:
        return "more than 99 %"
    return f"{100 * value:.0f} %"


def listed(numbers: np.ndarray) -> str:
    """Return layers as people list them: ``layer 3``, ``layers 1 to 4``, ``layers 1, 3, 5``."""
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    if len(numbers) > 2 and (np.diff(numbers) == 1).all():
        return f"layers {numbers[0]} to {numbers[-1]}"
    shown = ", ".join(str(each) for each in numbers[:6])
    return f"layers {shown}{' and more' if len(numbers) > 6 else ''}"


def flow_words(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say whether the gradient reaches the first of the layers as it reaches the last.

    Parameters
    ----------
    numbers, norms : numpy.ndarray
        ``(layers,)`` at one step, the input side first.
    """
    if not np.isfinite(norms).any():
        return NOTHING
    if not np.isfinite(norms).all():
        return f"The gradient of {listed(numbers[~np.isfinite(norms)])} is no longer a number."
    if (norms == 0).any():
        return (
            f"The gradient of {listed(numbers[norms == 0])} is exactly 0: nothing of the error arrives there."
        )
    if len(norms) == 1:
        return f"One layer: its gradient norm is {few(norms[0])}."
    if norms.max() > HUGE:
        worst = numbers[norms.argmax()]
        return f"Gradients are huge, {few(norms.max())} in layer {worst}: each step throws the weights away."
    if norms.max() < STILL:
        return f"All gradients are tiny, {few(norms.max())} at most: the run stands still here."
    first, last = f"Layer {numbers[0]}", f"layer {numbers[-1]}"
    ratio = norms[0] / norms[-1]
    told = f"{first}'s gradient is {few(ratio)} {'of' if ratio < 1 else 'times'} {last}'s"
    if ratio < FAINT:
        return f"{told}: almost nothing of the error reaches it. The gradient vanishes."
    if ratio < VANISHING:
        return f"{told}: little of the error reaches it. The gradient vanishes."
    if ratio > EXPLODING:
        return f"{told}: it grows on its way back. The gradient explodes."
    return f"{told}: the error reaches all layers."


def time_words(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say over how much of a run the gradient of its first layer had vanished.

    Parameters
    ----------
    norms : numpy.ndarray
        ``(records, layers)``.
    """
    known = norms[np.isfinite(norms).all(axis=1)]
    if len(known) == 0:
        return NOTHING
    zero = (known == 0).mean()
    if zero > 0:
        where = listed(numbers[(known == 0).any(axis=0)])
        return f"{share(zero)} of the gradients shown are exactly 0 ({where})."
    if known.shape[1] == 1:
        return f"The gradient norm went from {few(known[0, 0])} to {few(known[-1, 0])}."
    if known.max() > HUGE:
        worst = numbers[known.max(axis=0).argmax()]
        return f"The largest gradient norm is {few(known.max())}, in layer {worst}: the run explodes."
    ratios = known[:, 0] / known[:, -1]
    first, last = numbers[0], numbers[-1]
    still = (known.max(axis=1) < STILL).mean()
    if still > MOST:
        return (
            f"In {share(still)} of the recorded steps all gradients were below 1e-5: the run stood still. At "
            f"worst layer {first}'s gradient was {few(ratios.min())} of layer {last}'s."
        )
    if (ratios < VANISHING).any():
        return (
            f"In {share((ratios < VANISHING).mean())} of the recorded steps layer {first}'s gradient was "
            f"less than a thousandth of layer {last}'s."
        )
    return (
        f"Layer {first}'s gradient stayed between {few(ratios.min())} and {few(ratios.max())} times layer "
        f"{last}'s: no shadow on the lower layers."
    )


def spread_words(numbers: np.ndarray, norms: np.ndarray) -> str:
    """Say how far the layers lie apart in the median, and which are the smallest and the largest."""
    known = norms[np.isfinite(norms).all(axis=1)]
    if len(known) == 0:
        return NOTHING
    middle = np.median(known, axis=0)
    if len(middle) == 1:
        return f"Layer {numbers[0]}'s median gradient norm is {few(middle[0])}."
    low, high = int(middle.argmin()), int(middle.argmax())
    if middle[low] == 0:
        return f"Layer {numbers[low]}'s median gradient is exactly 0."
    return (
        f"The medians lie a factor of {few(middle[high] / middle[low])} apart: smallest in layer "
        f"{numbers[low]} ({few(middle[low])}), largest in layer {numbers[high]} ({few(middle[high])})."
    )


def ratio_words(numbers: np.ndarray, ratios: np.ndarray) -> str:
    """Say which layers' updates are too short or too long beside their weights, by the median."""
    if not np.isfinite(ratios).any():
        return NOTHING
    known = ratios[np.isfinite(ratios).all(axis=1)]
    if len(known) == 0:
        return NOTHING
    middle = np.median(known, axis=0)
    low, high = numbers[middle < GOOD_RATIO[0]], numbers[middle > GOOD_RATIO[1]]
    if len(low) == 0 and len(high) == 0:
        return "The median update of every layer lies in the green band: the learning rate fits."
    parts = []
    if len(low):
        pace = "learning slowly" if middle.min() > 0 else "standing still"
        parts.append(f"{listed(low)} below the band (smallest {few(middle.min())}): {pace}")
    if len(high):
        parts.append(f"{listed(high)} above it (largest {few(middle.max())}): steps that shake the weights")
    told = "; ".join(parts)
    return f"By the median update {told}."


def unit_words(numbers: np.ndarray, shares: np.ndarray, kind: str) -> str:
    """Say where most units are dead or saturated in the newest evaluation, ``shares`` being ``(layers,)``."""
    known = np.isfinite(shares)
    if not known.any():
        return f"These units cannot be {kind}." if kind else "Units of this kind neither die nor saturate."
    worst = int(np.nanargmax(shares))
    if shares[worst] == 0:
        return f"No unit is {kind}."
    passed = "no gradient" if kind == "dead" else "hardly any gradient"
    tail = f": they pass {passed} on" if shares[worst] > NOTICEABLE_SHARE else ""
    what = "of the units are dead" if kind == "dead" else "of the outputs are saturated"
    return f"Most in layer {numbers[worst]}, where {share(shares[worst])} {what}{tail}."


def activation_words(numbers: np.ndarray, std: np.ndarray) -> str:
    """Say whether the signal still differs between rows when it arrives at the last layer shown."""
    known = np.isfinite(std)
    if not known.any():
        return NOTHING
    at, spreads = numbers[known], std[known]
    if len(at) == 1:
        return f"Layer {at[0]}'s outputs spread by {few(spreads[0])}."
    told = (
        f"From layer {at[0]} to layer {at[-1]} the spread goes from {few(spreads[0])} to {few(spreads[-1])}"
    )
    narrow = int(spreads.argmin())
    if spreads[narrow] < 0.01 * spreads.max():
        return (
            f"{told}; in layer {at[narrow]} it is {few(spreads[narrow])}: hardly any difference gets through."
        )
    return f"{told}."


def gradient_cloud_words(layer: int, counts: np.ndarray, powers: np.ndarray) -> str:
    """Say where half of a layer's gradient elements lie; ``counts`` are those of the newest snapshot."""
    total = counts.sum()
    if total == 0:
        return f"In the newest snapshot layer {layer}'s gradient is no longer a number."
    zero = counts[0] / total
    half = int(np.searchsorted(np.cumsum(counts), total / 2))
    zeros = f"{share(zero)} are exactly 0" if zero else "none is exactly 0"
    if half == 0:
        return f"Of layer {layer}'s gradient elements {zeros}."
    return f"Half of layer {layer}'s gradient elements lie below {few(10.0 ** powers[half])}; {zeros}."


def weight_cloud_words(layer: int, first: np.ndarray, last: np.ndarray) -> str:
    """Say how far a layer's weights have moved from their first snapshot to their newest one."""
    if not (np.isfinite(first).all() and np.isfinite(last).all()):
        return f"Layer {layer}'s weights are no longer numbers."
    first, last = first.astype(np.float64), last.astype(np.float64)
    with np.errstate(over="ignore"):  # weights of a run that is about to diverge
        before, moved = float(np.linalg.norm(first)), float(np.linalg.norm(last - first))
        deviation = f"spread from {few(first.std())} to {few(last.std())}"
    if before == 0:
        return f"Layer {layer}'s weights began at 0; {deviation}."
    tail = ": it has hardly learned" if moved < 0.01 * before else ""
    ratio = moved / before
    length = f"{few(ratio)} times" if ratio > 2 else f"{share(ratio)} of"
    return f"Layer {layer}'s weights moved by {length} their length ({deviation}){tail}."


def clipping_words(before: np.ndarray, after: np.ndarray, is_set: bool) -> str:
    """Say in how many of the recorded steps clipping acted, and how much it took."""
    known = np.isfinite(before) & np.isfinite(after) & (before > 0)
    if not known.any():
        return NOTHING
    if not is_set:
        return (
            f"No clipping is set; the norm's median is {few(np.median(before[known]))}, its largest "
            f"{few(before[known].max())}."
        )
    left = after[known] / before[known]
    acted = left < 1 - 1e-6
    if not acted.any():
        return f"Clipping never acted in the {known.sum():,} recorded steps: the limit is above every norm."
    return (
        f"Clipping acted in {share(acted.mean())} of the {known.sum():,} recorded steps and left "
        f"{share(float(np.median(left[acted])))} of the norm there (median)."
    )


def limit_words(config: Mapping[str, Any]) -> str:
    """Return the limits of a run in the order in which they act, as one more sentence; empty if none."""
    limits = [f"{name} {config[name]:g}" for name in CLIPPING if config.get(name) is not None]
    return f" Limits in their order: {', then '.join(limits)}." if limits else ""
