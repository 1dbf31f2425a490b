"""Gradients, weights and activations of each layer at given parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.network import Network
from engine.training.evaluation import fixed_rows
from engine.training.model import build_network, take_over

GRADIENT_POWERS = np.linspace(-12, 2, 57)
WEIGHT_BINS = 61


@dataclass(frozen=True, eq=False)
class Profile:
    """A network at one set of weights, layer 1 (the input side) first.

    Attributes
    ----------
    loss : float
        Data loss over the rows.
    gradients, weights : tuple of numpy.ndarray
        ``(n,)`` each: the layer's weights and biases, then the parameters of its normalisation.
    activations : tuple of numpy.ndarray
        ``(units, rows)`` each; of the output layer the raw outputs.
    """

    loss: float
    gradients: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    activations: tuple[np.ndarray, ...]


class Profiler:
    """Replays the backward pass of a run's network on the fixed training rows, nothing dropped.

    Batch norm takes the statistics of these rows, as it does in training.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    """

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        rows, _ = fixed_rows(config, dataset)
        self._network = build_network(config, dataset)
        self._parts = _parts(self._network)
        self._recording = self._network.gradient_recording(rows.x.shape[1])
        self._recording.x[...] = rows.x
        self._recording.target[...] = rows.target

    def at(self, theta: np.ndarray) -> Profile:
        """Return the profile at the parameters ``(P,)``; those of a diverged run give what is not finite.

        Raises
        ------
        ConfigError
            When they are not those of this network.
        """
        network, recording = self._network, self._recording
        take_over(network, {"theta": theta, "statistics": network.statistics})
        with np.errstate(all="ignore"):
            recording.tape.replay()
            recording.loss_tape.replay()
        names = [*(f"a{number}" for number in range(1, network.depth)), f"z{network.depth}"]
        return Profile(
            float(recording.loss),
            tuple(network.parameters.grad[part].copy() for part in self._parts),
            tuple(network.parameters.theta[part].copy() for part in self._parts),
            tuple(recording.arena.blocks[name].values.copy() for name in names),
        )


def layer_parts(config: RunConfig, dataset: Dataset) -> list[slice]:
    """Return where each layer's weights, biases and normalisation stand in a run's parameters."""
    return _parts(build_network(config, dataset))


def _parts(network: Network) -> list[slice]:
    parameters = network.parameters
    return [
        slice(int(start), int(start + size))
        for start, size in zip(parameters.starts, parameters.sizes, strict=True)
    ]


def magnitude_counts(values: np.ndarray) -> np.ndarray:
    """Count values by magnitude: exact zeros first, then by power of ten between ``GRADIENT_POWERS``.

    What lies outside goes into the first or last bin; what is not finite is left out.
    """
    magnitudes = np.abs(values[np.isfinite(values)]).astype(np.float64)
    powers = np.log10(magnitudes[magnitudes > 0])
    inside = np.clip(powers, GRADIENT_POWERS[0], GRADIENT_POWERS[-1])
    counts = np.histogram(inside, GRADIENT_POWERS)[0]
    return np.concatenate([[len(magnitudes) - len(powers)], counts])


def weights_over_time(snapshots: Mapping[int, np.ndarray], part: slice) -> tuple[np.ndarray, np.ndarray]:
    """Count the weights of one layer by value at each snapshot.

    Parameters
    ----------
    snapshots : mapping of int to numpy.ndarray
        Parameters ``(P,)`` by step.
    part : slice
        The layer's place in them.

    Returns
    -------
    edges : numpy.ndarray
        ``(WEIGHT_BINS + 1,)``, symmetric about 0 and wide enough for every finite weight.
    counts : numpy.ndarray
        ``(steps, WEIGHT_BINS)``.
    """
    values = [theta[part][np.isfinite(theta[part])].astype(np.float64) for theta in snapshots.values()]
    widest = max((float(np.abs(each).max()) for each in values if len(each)), default=0.0) or 1.0
    edges = np.linspace(-widest, widest, WEIGHT_BINS + 1)
    counts = [np.histogram(each, edges)[0] for each in values]
    return edges, np.array(counts).reshape(len(values), WEIGHT_BINS)
