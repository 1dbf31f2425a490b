"""The scene of a replay: what stays the same in all frames of a run."""

from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.data.grid import Grid, grid_over
from engine.nn.features import sign_of
from engine.nn.network import Network
from engine.replay.outcomes import outcome_facts

UNITS_SHOWN, LAYERS_SHOWN = 8, 6
OUTPUT_SIDE, COARSE_OUTPUT_SIDE, CURVE_PLACES = 64, 24, 128
UNITS_OF_A_WIDE_NETWORK = 100_000
FINE_SIDE, COARSE_SIDE, FINE_UNITS_AT_MOST = 24, 16, 20
CURVE_TILE = 48
STEPS_OF_A_PICTURE = 127
POINTS_SHOWN = {"training": 600, "validation": 300}
DIGIT_SIDE = 8


@dataclass(frozen=True)
class ShownLayer:
    """One column of the graph.

    Attributes
    ----------
    number : int
        0 is the input, 1 the first hidden layer; the last one is the output.
    size, shown : int
        Units in all, and how many of them are drawn: the first 8.
    tile : tuple of (int, int) or None
        Rows and columns of each unit's picture; None where there is none.
    tells : str
        What the picture shows: ``values`` over the inputs, ``weights`` of the digits' pixels, or nothing.
    """

    number: int
    size: int
    shown: int
    tile: tuple[int, int] | None
    tells: str


@dataclass(frozen=True, eq=False)
class Scene:
    """What the frames of a run have in common.

    Attributes
    ----------
    kind : str
        ``classes`` (a plane, classes), ``values`` (a plane, one number), ``curve`` (one feature, one number)
        or ``none`` (nothing can be drawn over the inputs).
    layers : tuple of ShownLayer
        Input, hidden layers (all, or the first and the last three), output.
    grid, tile_grid : Grid or None
        Where the output, and where the units are asked.
    train, val : numpy.ndarray
        ``(n, features)`` rows as the network reads them, drawn as points: the first 600 and 300.
    target_range : tuple of float
        Lowest and highest target of a regression, a little widened.
    """

    kind: str
    layers: tuple[ShownLayer, ...]
    grid: Grid | None
    tile_grid: Grid | None
    train: np.ndarray
    val: np.ndarray
    target_range: tuple[float, float]

    @property
    def pairs(self) -> list[tuple[ShownLayer, ShownLayer]]:
        """Neighbouring columns between which weights are drawn: those with no layer left out between."""
        sides = zip(self.layers, self.layers[1:], strict=False)
        return [(left, right) for left, right in sides if right.number == left.number + 1]

    def facts(self, dataset: Dataset) -> dict:
        """Return what a drawing needs to know beside the frames, as plain values for JSON."""
        facts: dict = {
            "kind": self.kind,
            "classes": dataset.classes,
            "names": _input_names(dataset),
            "axisNames": [str(name) for name in dataset.axis_names[:2]],
            "outputNames": list(_output_names(dataset, self.layers[-1].size)[:UNITS_SHOWN]),
            "layers": [vars(layer) for layer in self.layers],
            "points": [],
        }
        if self.grid is None:
            return facts | outcome_facts(dataset)
        facts["axes"] = [[float(axis[0]), float(axis[-1])] for axis in self.grid.axes]
        facts["range"] = list(self.target_range)
        if self.kind != "curve":
            facts["inputs"] = self._input_pictures()
        for split, x, y in (
            ("training", self.train, dataset.y_train),
            ("validation", self.val, dataset.y_val),
        ):
            places = [axis.round(4).tolist() for axis in dataset.coordinates(split)[: len(x)].T]
            targets = y[: len(x)].astype(float).reshape(len(x), -1)[:, 0].round(4).tolist()
            facts["points"].append({"split": split, "rows": len(y), "places": places, "targets": targets})
        return facts

    def _input_pictures(self) -> dict:
        """Return what each input is over the plane: as a unit's picture, but the same in every frame."""
        assert self.tile_grid is not None
        values = self.tile_grid.points.T[: self.layers[0].shown]
        reach = np.abs(values).max(axis=1, keepdims=True)
        steps = np.rint(STEPS_OF_A_PICTURE * values / np.where(reach > 0, reach, 1))
        return {"tile": self.layers[-1].tile, "pictures": (128 + steps).astype(np.uint8).tolist()}


def _input_names(dataset: Dataset) -> list[str]:
    if dataset.axis_names == dataset.feature_names:
        return [str(name) for name in dataset.feature_names[:UNITS_SHOWN]]
    return [sign_of(name) for name in dataset.feature_names[:UNITS_SHOWN]]


def _output_names(dataset: Dataset, outputs: int) -> tuple[str, ...]:
    """Return a name for each of several outputs: its class, or its column."""
    names = dataset.class_names or dataset.target_names
    return names if outputs == len(names) > 1 else ()


def output_side(hidden_sizes: tuple[int, ...]) -> int:
    """Return how many places along each axis a network is asked at: fewer where each takes milliseconds."""
    return OUTPUT_SIDE if sum(hidden_sizes) <= UNITS_OF_A_WIDE_NETWORK else COARSE_OUTPUT_SIDE


def scene_of(config: RunConfig, dataset: Dataset, network: Network) -> Scene:
    """Return the scene of a run.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    network : Network
        As :func:`engine.training.model.build_network` makes it; only its sizes count.
    """
    kind = _kind(dataset)
    layers = _layers(network.sizes, kind, dataset.name)
    grid = tile_grid = None
    target_range = (0.0, 1.0)
    if kind != "none":
        grid = grid_over(dataset, CURVE_PLACES if kind == "curve" else output_side(config.hidden_sizes))
        tile = layers[-1].tile
        assert tile is not None
        tile_grid = grid_over(dataset, tile[1])
    if dataset.task == "regression":
        targets = np.concatenate([dataset.y_train[:, 0], dataset.y_val[:, 0]])
        room = 0.1 * (float(np.ptp(targets)) or 1.0)
        target_range = float(targets.min()) - room, float(targets.max()) + room
    shown = POINTS_SHOWN if kind != "none" else dict.fromkeys(POINTS_SHOWN, 0)
    train, val = dataset.x_train[: shown["training"]], dataset.x_val[: shown["validation"]]
    return Scene(kind, layers, grid, tile_grid, train, val, target_range)


def _kind(dataset: Dataset) -> str:
    if not dataset.has_plane:
        return "none"
    if dataset.task == "classification":
        return "classes"
    return "curve" if len(dataset.axis_names) == 1 else "values"


def _layers(sizes: tuple[int, ...], kind: str, dataset: str) -> tuple[ShownLayer, ...]:
    hidden = list(range(1, len(sizes) - 1))
    if len(hidden) > LAYERS_SHOWN:
        hidden = hidden[: LAYERS_SHOWN // 2] + hidden[-LAYERS_SHOWN // 2 :]
    numbers = [0, *hidden, len(sizes) - 1]
    shown = {number: min(sizes[number], UNITS_SHOWN) for number in numbers}
    units = sum(shown[number] for number in numbers[1:])
    side = FINE_SIDE if units <= FINE_UNITS_AT_MOST else COARSE_SIDE
    tiles = {"none": None, "curve": (1, CURVE_TILE)}
    layers = []
    for number in numbers:
        tile, tells = tiles.get(kind, (side, side)) if number else None, "values"
        if dataset == "digits" and number == 1:
            tile, tells = (DIGIT_SIDE, DIGIT_SIDE), "weights"
        layers.append(ShownLayer(number, sizes[number], shown[number], tile, tells if tile else ""))
    return tuple(layers)
