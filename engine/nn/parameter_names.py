"""Names of what a network learns, as views into flat vectors laid out like theta."""

from collections.abc import Iterable

import numpy as np

from engine.nn.network import Network
from engine.nn.parameters import views


def named_views(network: Network, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Return the parts of a flat vector by the parameter that each belongs to.

    Parameters
    ----------
    network : Network
    flat : numpy.ndarray
        ``lead + (P,)``, laid out like ``theta``: theta itself, the gradient, or a slot of an optimizer.

    Returns
    -------
    dict of str to numpy.ndarray
        Views: ``dense1.weight`` ``lead + (out, in)``, ``dense1.bias`` ``lead + (out,)``, then what the
        normalisation behind it learns, such as ``norm1.gamma`` and ``norm1.beta``, and so on from the input
        side. A dense layer before batch norm has no bias.
    """
    parameters, named = network.parameters, {}
    shapes = [layer.weight.shape[-2:] for layer in network.dense]
    norm_starts = parameters.starts + [rows * columns for rows, columns in shapes]
    norm_shapes = [each.shape[-2:] for each in parameters.norms]
    weights, norms = views(flat, parameters.starts, shapes), views(flat, norm_starts, norm_shapes)
    for layer, weight, norm in zip(network.dense, weights, norms, strict=True):
        named[f"dense{layer.number}.weight"] = weight[..., :-1] if layer.has_bias else weight
        if layer.has_bias:
            named[f"dense{layer.number}.bias"] = weight[..., -1]
        if network.normalization is not None:
            named |= _rows(f"norm{layer.number}", network.normalization.parameter_starts, norm)
    return named


def decay_mask(network: Network, *, biases: bool = True, normalization: bool = True) -> np.ndarray | None:
    """Return which parameters decay, ``(P,)`` of 1 and 0 like theta, or None where all of them do.

    Parameters
    ----------
    network : Network
    biases, normalization : bool
        Whether biases of dense layers decay, and whether scale γ and shift β of normalisations do.
    """
    mask = np.ones(network.parameters.size)
    for name, view in named_views(network, mask).items():
        is_bias, is_norm = name.endswith(".bias"), name.startswith("norm")
        if (is_bias and not biases) or (is_norm and not normalization):
            view[...] = 0
    return None if mask.all() else mask


def named_statistics(network: Network) -> dict[str, np.ndarray]:
    """Return views of what normalisation remembers: ``norm1.running_mean``, ``norm1.running_variance``, ...

    Each is ``lead + (units,)``; only batch norm, of those that stand in the engine, remembers anything.
    """
    named: dict[str, np.ndarray] = {}
    if network.normalization is not None:
        for number, running in enumerate(network.running, start=1):
            named |= _rows(f"norm{number}", network.normalization.statistic_starts, running)
    return named


def _rows(layer: str, names: Iterable[str], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Name the rows of ``lead + (rows, units)``; the output layer has none, whatever the names."""
    if not rows.size:
        return {}
    return {f"{layer}.{name}": rows[..., index, :] for index, name in enumerate(names)}
