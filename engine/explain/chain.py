"""The chain rule for one weight: the numbers whose product its gradient is, beside a finite difference."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

from engine.config import ConfigError
from engine.explain.step import ExplainedStep
from engine.nn.curves import activation_curves
from engine.nn.gradient_check import least_scale, relative_distance

DIFFERENCE = 1e-6


@dataclass(frozen=True)
class Factor:
    """One number of the product: its name in textbook notation, and what it is in words."""

    name: str
    value: float
    meaning: str


def chain_data(step: ExplainedStep, layer: int, unit: int, source: int) -> dict[str, Any]:
    """Return the chain rule for one weight of a step in float64, as plain values for JSON.

    Of one row the factors are the error that arrives at the unit, the slope of its activation and the input
    of the weight. Where a normalisation stands between weighted sum and activation, the first two are one.
    Of several rows the gradient is a sum of such products: their number, and their mean.

    Parameters
    ----------
    layer : int
        1 on the input side.
    unit, source : int
        From 1; source 0 is the bias.

    Returns
    -------
    dict
        ``factors``, ``product``, ``finite_difference``, ``relative_distance`` as
        :func:`engine.nn.gradient_check.relative_distance` has it; ``errors``: for each layer from the
        output to this one the norm of the error at its weighted sums; ``shares``: for each unit of the next
        layer (from 1) its ``error``, the ``weight`` between, and their product, the ``share`` of the error
        that arrives at the unit; empty where it is not their sum alone, as with several rows, dropout or
        residual connections; and ``after``, the weight once the step is made.

    Raises
    ------
    ConfigError
        When there is no such weight.
    """
    place = _place(step, layer, unit, source)
    after = float(step.finish().network.parameters.theta[place])
    value = step.before[place]
    losses = [step.loss_at(place, value + change) for change in (DIFFERENCE, -DIFFERENCE)]
    numeric = (losses[0] - losses[1]) / (2 * DIFFERENCE)
    loss = step.loss_at(place, value)  # the arrays are those of the step again
    factors = _of_one_row(step, layer, unit, source) if len(step.rows) == 1 else _of_rows(step, place)
    product = prod(each.value for each in factors)
    distance = relative_distance(np.array(product), np.array(numeric), least_scale(loss))
    return {
        "weight": float(value),
        "after": after,
        "rows": step.rows.tolist(),
        "loss": loss,
        "factors": [asdict(each) for each in factors],
        "product": product,
        "finite_difference": numeric,
        "relative_distance": float(distance),
        "errors": _errors(step, layer),
        "shares": _shares(step, layer, unit),
    }


def _place(step: ExplainedStep, layer: int, unit: int, source: int) -> int:
    sizes = step.network.sizes
    if not 1 <= layer < len(sizes):
        raise ConfigError(f"layer must be from 1 to {len(sizes) - 1}, got {layer}")
    if not 1 <= unit <= sizes[layer]:
        raise ConfigError(f"unit must be from 1 to {sizes[layer]} in layer {layer}, got {unit}")
    places = step.named(np.arange(step.before.size))
    first = 0 if f"dense{layer}.bias" in places else 1
    if not first <= source <= sizes[layer - 1]:
        raise ConfigError(f"input must be from {first} to {sizes[layer - 1]} in layer {layer}, got {source}")
    if source == 0:
        return int(places[f"dense{layer}.bias"][unit - 1])
    return int(places[f"dense{layer}.weight"][unit - 1, source - 1])


def _of_one_row(step: ExplainedStep, layer: int, unit: int, source: int) -> list[Factor]:
    blocks, activations = step.recording.arena.blocks, step.network.activations
    z = blocks[f"z{layer}"]
    words = "the input that the weight multiplies" if source else "a bias is added as it is"
    read = Factor(f"dz{layer}/dw", float(_inputs(step, layer)[source - 1, 0]) if source else 1.0, words)
    is_last = layer == step.network.depth
    if is_last or step.network.normalization is not None:
        words = "how the loss changes with the output" if is_last else "the error that arrives at the sum"
        return [Factor(f"dL/dz{layer}", float(z.error[unit - 1, 0]), words), read]
    arriving = float(blocks[f"a{layer}"].error[unit - 1, 0])
    slope = float(activation_curves(activations[layer - 1], z.values[unit - 1])[1][0])
    return [
        Factor(f"dL/da{layer}", arriving, "the error that arrives at the unit"),
        Factor(f"da{layer}/dz{layer}", slope, "the slope of the activation at the weighted sum"),
        read,
    ]


def _inputs(step: ExplainedStep, layer: int) -> np.ndarray:
    """Return what a dense layer read, ``(in, batch)`` or with a last row of ones."""
    weight = step.network.dense[layer - 1].weight
    return next(each.arguments[1] for each in step.instructions if each.arguments[0] is weight)


def _of_rows(step: ExplainedStep, place: int) -> list[Factor]:
    rows = len(step.rows)
    mean = float(step.gradient[place]) / rows
    return [
        Factor("rows", float(rows), "the gradient is a sum over the rows of the batch"),
        Factor("mean of dL/dz dz/dw", mean, "error at the weighted sum times input, over these rows"),
    ]


def _shares(step: ExplainedStep, layer: int, unit: int) -> list[dict[str, float]]:
    """Return where the error of a unit comes from; of one row, where nothing else leads to the output."""
    is_last, config = layer == step.network.depth, step.config
    if is_last or len(step.rows) > 1 or config.residual or config.dropout_rates[layer - 1]:
        return []
    errors = step.recording.arena.blocks[f"z{layer + 1}"].error[:, 0]
    weights = step.named(step.before)[f"dense{layer + 1}.weight"][:, unit - 1]
    return [
        {"unit": number, "error": float(error), "weight": float(weight), "share": float(error * weight)}
        for number, (error, weight) in enumerate(zip(errors, weights, strict=True), start=1)
    ]


def _errors(step: ExplainedStep, layer: int) -> list[dict[str, float]]:
    blocks = step.recording.arena.blocks
    downwards = reversed(step.network.dense[layer - 1 :])
    return [
        {"layer": each.number, "norm": float(np.linalg.norm(blocks[each.output].error))} for each in downwards
    ]
