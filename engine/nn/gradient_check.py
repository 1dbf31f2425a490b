"""Compares the tape's gradient with finite differences: the proof that backpropagation is right."""

from dataclasses import dataclass

import numpy as np

from engine.nn.network import Network, Recording


@dataclass(frozen=True)
class LayerCheck:
    """Largest relative error of one layer, 1 on the input side, over the parameters that were tried."""

    layer: int
    parameters_tried: int
    largest_error: float


def check_gradients(
    network: Network,
    recording: Recording,
    *,
    step: float = 1e-6,
    tries: int = 50,
    generator: np.random.Generator | None = None,
) -> list[LayerCheck]:
    """Compare each layer's gradient with central differences of the loss.

    Parameters
    ----------
    network : Network
        In float64, without a lead.
    recording : Recording
        With backward pass, ``x`` and ``target`` filled; without dropout, whose masks would differ.
    step : float
        Half the distance of the two points.
    tries : int
        Parameters tried in each layer, drawn at random where it has more.

    Returns
    -------
    list of LayerCheck
        The error is the :func:`relative_distance` at the :func:`least_scale` of the loss.

    Raises
    ------
    ValueError
        For a network in float32, where differences of 1e-6 drown in rounding.
    """
    if network.dtype != np.float64:
        raise ValueError(f"a gradient check needs float64, got {network.dtype}")
    generator = generator or np.random.default_rng(0)
    parameters = network.parameters
    recording.tape.replay()
    analytic = parameters.grad.copy()
    scale = least_scale(_loss(recording))
    checks = []
    for number, (start, size) in enumerate(zip(parameters.starts, parameters.sizes, strict=True), start=1):
        chosen = start + np.sort(generator.choice(size, min(tries, size), replace=False))
        numeric = np.array([_slope(network, recording, index, step) for index in chosen])
        exact = analytic[chosen]
        errors = relative_distance(exact, numeric, scale)
        checks.append(LayerCheck(number, len(chosen), float(errors.max())))
    return checks


def least_scale(loss: float) -> float:
    """Return the size below which a central difference says nothing: it is exact to 1e-10 of the loss."""
    return 1e-4 * max(1.0, loss)


def relative_distance(exact: np.ndarray, numeric: np.ndarray, scale: float) -> np.ndarray:
    """Return ``|exact - numeric| / max(|exact| + |numeric|, scale)``, element by element."""
    return np.abs(exact - numeric) / np.maximum(np.abs(exact) + np.abs(numeric), scale)


def _slope(network: Network, recording: Recording, index: int, step: float) -> float:
    theta = network.parameters.theta
    value = theta[index]
    theta[index] = value + step
    above = _loss(recording)
    theta[index] = value - step
    below = _loss(recording)
    theta[index] = value
    return (above - below) / (2 * step)


def _loss(recording: Recording) -> float:
    recording.tape.replay()
    recording.loss_tape.replay()
    return float(recording.loss)
