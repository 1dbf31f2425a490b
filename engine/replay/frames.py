"""Frames of a replay: pictures and statistics of a run at one set of its parameters."""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.analysis.predictions import probability_of_second, wrong
from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.activations import Activation
from engine.nn.network import Network
from engine.nn.parameter_names import named_views
from engine.replay.outcomes import outcomes
from engine.replay.scene import Scene, ShownLayer, scene_of
from engine.training.evaluation import Rows, evaluate, fixed_rows
from engine.training.model import build_network, outputs_of, take_over
from engine.training.plan import rows_at_once

GRADIENT_ROWS = 256
WEIGHT_BINS = 31
GRADIENT_BINS, GRADIENT_DECADES = 28, (-12.0, 2.0)
BYTE, SHORT = 255, 32767


class FrameRenderer:
    """Takes the frames of one run: each from the parameters of one step, whatever came before.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset

    Attributes
    ----------
    scene : Scene
        What the frames have in common.
    """

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        self.dataset = dataset
        self.network = build_network(config, dataset)
        self.scene = scene_of(config, dataset, self.network)
        self.train_rows, self.val_rows = fixed_rows(config, dataset)
        first = np.s_[:, :GRADIENT_ROWS]
        self.gradient_rows = self.train_rows.x[first], self.train_rows.target[first]
        self.gradient_recording = self.network.gradient_recording(self.gradient_rows[0].shape[1])

    def frame(self, learned: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the arrays of one frame; shapes and types are the same for all frames of a run.

        Parameters
        ----------
        learned : mapping
            What a snapshot holds: ``theta``, and ``statistics`` of batch norm.

        Returns
        -------
        dict of str to numpy.ndarray
            float32: ``measures`` (training loss and score, validation loss and score, as in the curves),
            ``profile`` (gradient norm of each layer; loss of up to 256 training rows, nothing dropped),
            ``reach`` (largest magnitude of each shown layer's weights), ``scale`` (largest weight drawn
            between two columns), ``gradient_scale`` (the same of their gradients), ``bias`` (of each shown
            unit; behind batch norm its shift), ``activation`` (of each shown unit, the mean over the rows),
            ``active`` and ``saturated`` (shares of the rows on which each shown unit is above 0, and beyond
            its activation's flat ends; NaN where the activation has no such state), ``unit_reach`` (what 127
            steps of a unit's picture stand for), ``curve``, and what :mod:`engine.replay.outcomes` adds.
            int16: ``weights``, each ``w / scale * 32767``, column by column of the graph, ``(out, in)``, and
            ``gradients`` likewise: of the rows of the profile.
            uint8: ``output`` (64 x 64, y upwards), ``units`` (pictures, ``128 + 127 (a - centre) / reach``),
            ``wrong`` (one bit a point, training first), ``weight_counts`` and ``gradient_counts``
            (histograms of the shown layers, the fullest bin as 255).
        """
        network = self.network
        take_over(network, learned)
        with np.errstate(all="ignore"):  # weights of a diverged run overflow
            arrays = {"measures": self._measures(), **self._statistics(), **self._graph()}
            arrays |= _PICTURES[self.scene.kind](network, self.scene, self.dataset)
            kinds = {"f": np.float32, "i": np.int16, "u": np.uint8}
            return {name: each.astype(kinds[each.dtype.kind]) for name, each in arrays.items()}

    def _measures(self) -> np.ndarray:
        found = [evaluate(self.network, rows)[:2] for rows in (self.train_rows, self.val_rows)]
        return np.array(found).ravel()

    def _statistics(self) -> dict[str, np.ndarray]:
        recording = self.gradient_recording
        recording.x[...], recording.target[...] = self.gradient_rows
        recording.tape.replay()
        parameters = self.network.parameters
        shown = [layer.number - 1 for layer in self.scene.layers[1:]]
        weights = [self.network.dense[i].matrix.ravel() for i in shown]
        reach = np.array([_largest(weight) for weight in weights])
        return {
            "profile": np.array([_norm(part) for part in np.split(parameters.grad, parameters.starts[1:])]),
            "reach": reach,
            "weight_counts": np.concatenate(
                [_counts(w, -r, r, WEIGHT_BINS) for w, r in zip(weights, reach, strict=True)]
            ),
            "gradient_counts": np.concatenate([_decades(parameters.gradients[i]) for i in shown]),
        }

    def _graph(self) -> dict[str, np.ndarray]:
        blocks = self.network.recording(self.train_rows.x.shape[1], training=False).arena.blocks
        self._forward(self.train_rows)
        biases, activations, states = [], [], []
        for layer in self.scene.layers[1:]:
            biases.append(self._shift(layer.number)[: layer.shown])
            values = blocks[_block(self.network, layer)].values[: layer.shown]
            activations.append(values.mean(axis=1, dtype=np.float64))
            is_hidden = layer.number < self.network.depth
            of = self.network.activations[layer.number - 1] if is_hidden else None
            states.append(_states(values, of))
        active, saturated = np.concatenate(states, axis=1)
        return {
            **self._edges("weights", "scale", [dense.matrix for dense in self.network.dense]),
            **self._edges("gradients", "gradient_scale", self.network.parameters.gradients),
            "bias": np.concatenate(biases),
            "activation": np.concatenate(activations),
            "active": active,
            "saturated": saturated,
        }

    def _edges(self, name: str, scale: str, matrices: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Return the entries of each layer's matrix, ``(out, in)`` or wider, that belong to drawn edges."""
        entries, scales = [np.zeros(0, np.int16)], []
        for left, right in self.scene.pairs:
            part = matrices[right.number - 1][: right.shown, : left.shown]
            scales.append(_largest(part))
            entries.append(_scaled(part, 0.0, scales[-1], SHORT).astype(np.int16).ravel())
        return {name: np.concatenate(entries), scale: np.array(scales)}

    def _shift(self, number: int) -> np.ndarray:
        named = named_views(self.network, self.network.parameters.theta)
        bias = named.get(f"dense{number}.bias", named.get(f"norm{number}.beta"))
        return np.zeros(self.network.sizes[number]) if bias is None else bias

    def _forward(self, rows: Rows) -> None:
        recording = self.network.recording(rows.x.shape[1], training=False)
        recording.x[...] = rows.x
        recording.tape.replay()


def packed_frame(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a frame as little-endian bytes: widest numbers first, padded to a multiple of four."""
    ordered = [arrays[name] for name, _, _ in layout(arrays)]
    blob = b"".join(each.astype(each.dtype.newbyteorder("<"), copy=False).tobytes() for each in ordered)
    return blob + bytes(-len(blob) % 4)


def layout(arrays: Mapping[str, np.ndarray]) -> list[tuple[str, str, int]]:
    """Return name, type (``f4``, ``i2`` or ``u1``) and length of each array in a packed frame, in order."""
    ordered = sorted(arrays.items(), key=lambda entry: -entry[1].itemsize)
    return [(name, f"{each.dtype.kind}{each.itemsize}", each.size) for name, each in ordered]


def _states(values: np.ndarray, activation: Activation | None) -> np.ndarray:
    """Return the shares of rows on which units ``(units, rows)`` are active and saturated: ``(2, units)``."""
    shares = np.full((2, len(values)), np.nan)
    if activation is not None and activation.dies:
        shares[0] = (values > 0).mean(axis=1)
    if activation is not None and activation.saturated is not None:
        low, high = activation.saturated
        shares[1] = ((values < low) | (values > high)).mean(axis=1)
    return shares


def _block(network: Network, layer: ShownLayer) -> str:
    return f"z{layer.number}" if layer.number == network.depth else f"a{layer.number}"


def _centre_and_reach(activation: Activation) -> tuple[float, float | None]:
    """Return the middle of a bounded activation and how far it goes; 0 and None for the others."""
    low, high = activation.saturated or (-np.inf, np.inf)
    if not np.isfinite(high - low):
        return 0.0, None
    return (low + high) / 2, (high - low) / 2


def _tiles(network: Network, scene: Scene, outputs: bool) -> dict[str, np.ndarray]:
    """Return the pictures of all shown units at the places of the tile grid, where there is one."""
    pictures, reaches = [], []
    at_places = None if scene.tile_grid is None else _at_places(network, scene, scene.tile_grid.points)
    for layer in scene.layers[1:]:
        is_output = layer.number == network.depth
        if layer.tells == "weights":
            values, middle, reach = (
                network.dense[layer.number - 1].matrix[: layer.shown],
                0.0,
                None,
            )
        elif at_places is None:
            continue
        elif is_output and outputs:
            values = network.loss.decide(at_places[layer.number].T).T[: layer.shown]
            middle, reach = 0.5, 0.5
        else:
            values = at_places[layer.number][: layer.shown]
            bounds = (0.0, None) if is_output else _centre_and_reach(network.activations[layer.number - 1])
            middle, reach = bounds
        reach = reach or _largest(values)
        pictures.append((128 + _scaled(values, middle, reach, 127)).astype(np.uint8).ravel())
        reaches.append(reach)
    none = np.zeros(0, np.uint8)
    return {"units": np.concatenate([none, *pictures]), "unit_reach": np.array(reaches, np.float64)}


def _at_places(network: Network, scene: Scene, points: np.ndarray) -> dict[int, np.ndarray]:
    """Return by layer the outputs of its shown units at places ``(n, features)``: ``(units, n)``."""
    parts: dict[int, list[np.ndarray]] = {layer.number: [] for layer in scene.layers[1:]}
    at_once = rows_at_once(network.sizes)
    for start in range(0, len(points), at_once):
        part = points[start : start + at_once]
        recording = network.recording(len(part), training=False)
        recording.x[...] = part.T
        recording.tape.replay()
        for layer in scene.layers[1:]:
            units = layer.size if layer.number == network.depth else layer.shown  # all decide together
            values = recording.arena.blocks[_block(network, layer)].values
            parts[layer.number].append(values[:units].copy())
    return {number: np.concatenate(blocks, axis=1) for number, blocks in parts.items()}


def _classes(network: Network, scene: Scene, dataset: Dataset) -> dict[str, np.ndarray]:
    assert scene.grid is not None
    predicted = network.loss.decide(outputs_of(network, scene.grid.points))
    if dataset.classes == 2:
        picture = (0.5 + BYTE * np.nan_to_num(probability_of_second(predicted), nan=0.5)).astype(np.uint8)
    else:
        picture = _class_bytes(predicted)
    points = [(scene.train, dataset.y_train), (scene.val, dataset.y_val)]
    missed = [wrong(network.loss.decide(outputs_of(network, x)), y[: len(x)]) for x, y in points]
    bits = np.packbits(np.concatenate(missed), bitorder="little")
    return {"output": picture, "wrong": bits, **_tiles(network, scene, outputs=True)}


def _class_bytes(predicted: np.ndarray) -> np.ndarray:
    """Return one byte a place: the predicted class, and within its share of the range its probability."""
    levels = (BYTE + 1) // predicted.shape[1]
    best, lowest = predicted.max(axis=1), 1 / predicted.shape[1]
    sure = np.clip(np.nan_to_num((best - lowest) / (1 - lowest)), 0, 1)
    return (predicted.argmax(axis=1) * levels + (levels - 1) * sure).astype(np.uint8)


def _values(network: Network, scene: Scene, dataset: Dataset) -> dict[str, np.ndarray]:
    assert scene.grid is not None
    predicted = network.loss.decide(outputs_of(network, scene.grid.points))[:, 0].astype(np.float64)
    tiles = _tiles(network, scene, outputs=False)
    if scene.kind == "curve":
        return {"curve": predicted, **tiles}
    low, high = scene.target_range
    share = np.clip(np.nan_to_num((predicted - low) / (high - low), nan=0.5), 0, 1)
    return {"output": (0.5 + BYTE * share).astype(np.uint8), **tiles}


def _nothing(network: Network, scene: Scene, dataset: Dataset) -> dict[str, np.ndarray]:
    return _tiles(network, scene, outputs=False) | outcomes(network, dataset)


_PICTURES = {"classes": _classes, "values": _values, "curve": _values, "none": _nothing}


def _scaled(values: np.ndarray, centre: float, reach: float, steps: int) -> np.ndarray:
    """Return values as whole numbers from -steps to steps; what is not a number counts as the centre."""
    shares = np.nan_to_num((values.astype(np.float64) - centre) / reach, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.rint(np.clip(shares, -1, 1) * steps)


def _largest(values: np.ndarray) -> float:
    """Return the largest finite magnitude, or 1 where there is none above 0."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


def _norm(values: np.ndarray) -> float:
    return float(np.sqrt(np.square(values, dtype=np.float64).sum()))


def _counts(values: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    """Return a histogram with its fullest bin as 255; what is not a number is left out."""
    places = (values[np.isfinite(values)].astype(np.float64) - low) / (high - low) * bins
    counts = np.bincount(np.clip(places.astype(np.intp), 0, bins - 1), minlength=bins)
    return np.ceil(BYTE * counts / max(counts.max(), 1)).astype(np.uint8)


def _decades(values: np.ndarray) -> np.ndarray:
    """Return the histogram of the magnitudes' logarithms; zeros count into the lowest bin."""
    low, high = GRADIENT_DECADES
    powers = np.log10(np.maximum(np.abs(values, dtype=np.float64), 10.0**low)).ravel()
    return _counts(powers, low, high, GRADIENT_BINS)
