"""Changes of a run by hand while it trains: part of the run, so that it can be repeated exactly."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config import ConfigError, RunConfig, parse_config
from engine.nn.network import Network
from engine.training.state import State

LEARNING_RATE, WEIGHT = "learning_rate", "weight"
CHANGEABLE = (LEARNING_RATE, WEIGHT)


@dataclass(frozen=True)
class Change:
    """One setting or one weight that gets another value before update ``step + 1``.

    Attributes
    ----------
    field : str
        ``learning_rate`` or ``weight``.
    new : str
        A number; for a weight the JSON that :func:`weight_change` writes.
    """

    step: int
    field: str
    new: str


def weight_change(layer: int, unit: int, source: int, value: float) -> str:
    """Return the text of a weight set by hand: of ``unit`` in ``layer`` from input ``source``, all from 1.

    ``source`` 0 is the bias.
    """
    return json.dumps({"layer": layer, "unit": unit, "source": source, "value": value})


def check_change(field: str, new: str, config: RunConfig, network: Network) -> None:
    """Refuse a change that the run cannot make.

    Raises
    ------
    ConfigError
        One sentence that names the field and what was required.
    """
    if field == LEARNING_RATE:
        parse_config({LEARNING_RATE: _number(LEARNING_RATE, new)})
    elif field == WEIGHT:
        _cell(network, new)
    else:
        raise ConfigError(f"only {' and '.join(CHANGEABLE)} can be changed in a run, got {field}")


def value_before(field: str, new: str, config: RunConfig, network: Network, state: State) -> str:
    """Return what a change replaces, as text: the learning rate, or the weight's number."""
    if field == LEARNING_RATE:
        return f"{state.learning_rate or config.learning_rate:g}"
    network.parameters.theta[...] = state.theta
    weights, place, _ = _cell(network, new)
    return f"{weights[place]:.9g}"


def apply_change(change: Change, network: Network, state: State) -> None:
    """Make a change; the network's parameters are the state's."""
    if change.field == LEARNING_RATE:
        state.learning_rate = float(change.new)
    else:
        weights, place, value = _cell(network, change.new)
        weights[place] = value
    state.changes_made += 1


def _number(field: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{field} must be a number, got {text[:40]!r}") from None


def _cell(network: Network, text: str) -> tuple[np.ndarray, tuple[int, int], float]:
    """Return the matrix, the place in it and the value that a weight's text names."""
    try:
        named: dict[str, Any] = json.loads(text)
        layer, unit, source = (int(named[name]) for name in ("layer", "unit", "source"))
        value = float(named["value"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"weight must name layer, unit, source and value, got {text[:80]}") from None
    weights = network.parameters.weights
    if not 1 <= layer <= len(weights):
        raise ConfigError(f"weight: layer must be from 1 to {len(weights)}, got {layer}")
    units, columns = weights[layer - 1].shape
    inputs = network.sizes[layer - 1]
    if not 1 <= unit <= units:
        raise ConfigError(f"weight: unit must be from 1 to {units} in layer {layer}, got {unit}")
    first = 1 if columns == inputs else 0
    if not first <= source <= inputs:
        raise ConfigError(f"weight: source must be from {first} to {inputs} in layer {layer}, got {source}")
    if not abs(value) <= float(np.finfo(weights[layer - 1].dtype).max):
        raise ConfigError(f"weight: value must be a finite number, got {value}")
    return weights[layer - 1], (unit - 1, source - 1 if source else inputs), value
