"""Checks the arrays of a bundle against what they should be."""

from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np

from engine.config.data import COORDINATES
from engine.config.errors import unknown_name
from engine.data.dataset import Dataset
from engine.data.encoding import plane_encoding
from engine.exchange.imports.errors import BadFile
from engine.nn.features import FEATURES
from engine.store.damage import LARGEST_COUNT
from engine.store.records import Series
from engine.training.state import State
from engine.training.telemetry import LAYER_STATISTICS, SCALAR_INDEX, SCALARS


@dataclass(frozen=True)
class BundleColumns:
    """The names of the columns of a bundle's records, in their order."""

    scalars: tuple[str, ...]
    layers: tuple[str, ...]

    @classmethod
    def of(cls, scalars: list[str], layers: list[str]) -> "BundleColumns":
        """Return the columns of a file, checked.

        Raises
        ------
        BadFile
            For a column that this version does not know, or one that comes twice.
        """
        for names, known in ((scalars, SCALARS.names), (layers, LAYER_STATISTICS.names)):
            for name in names:
                if name not in known:
                    raise BadFile(unknown_name("column", name, known))
            if len(set(names)) < len(names):
                raise BadFile("each column of a bundle must be given once")
        return cls(tuple(scalars), tuple(layers))


def series_of(arrays: dict[str, np.ndarray], columns: BundleColumns, depth: int) -> Series:
    """Return the records of one part; columns that the file lacks were not measured.

    Raises
    ------
    BadFile
        When an array has another shape or kind than its columns say.
    """
    values, measured, layers = arrays["values"], arrays["measured"], arrays["layers"]
    count = len(values)
    shapes = (values.shape, measured.shape, layers.shape[:1], layers.shape[2:])
    wide = (count, len(columns.scalars))
    if shapes != (wide, wide, (count,), (len(columns.layers),)) or count == 0:
        raise BadFile("the records of a run do not have the columns that the bundle names")
    recorded = arrays.get("recorded", np.ones((count, len(columns.layers)), np.bool_))
    if recorded.shape != (count, len(columns.layers)):
        raise BadFile("the records of a run do not have the columns that the bundle names")
    if (values.dtype, measured.dtype, layers.dtype, recorded.dtype) != (np.float64, np.bool_) * 2:
        raise BadFile("the records of a run must be float64 and bool")
    if layers.shape[1] not in (0, depth):
        raise BadFile(f"the records of a run must have {depth} layers, got {layers.shape[1]}")
    return Series(
        *(SCALARS.arrange(each, columns.scalars) for each in (values, measured)),
        *(LAYER_STATISTICS.arrange(each, columns.layers) for each in (layers, recorded)),
    )


def check_scalars(scalars: np.ndarray, measured: np.ndarray, where: str) -> None:
    """Refuse records whose steps do not ascend or whose times are none; losses and scores may be anything.

    Parameters
    ----------
    scalars, measured : numpy.ndarray
        ``(n, len(SCALARS))`` as in :class:`engine.store.records.Series`, all records of a run.
    where : str
        Whose they are: ``run 3``.

    Raises
    ------
    BadFile
        One sentence that names the column.
    """
    steps = scalars[:, SCALAR_INDEX["step"]]
    if not measured[:, SCALAR_INDEX["step"]].all():
        raise BadFile(f"step must be given in each row, got a blank one in {where}")
    if not ((steps >= 0) & (steps < LARGEST_COUNT) & (steps == np.floor(steps))).all():
        raise BadFile(f"step must be a whole number from 0 to 2^53, got another one in {where}")
    if not (np.diff(steps) > 0).all():
        place = int(np.flatnonzero(np.diff(steps) <= 0)[0])
        first, second = int(steps[place]), int(steps[place + 1])
        raise BadFile(f"steps must ascend within a run, got {second} after {first} in {where}")
    for name in ("epoch", "seconds"):
        values = scalars[:, SCALAR_INDEX[name]]
        if not (np.isfinite(values) & (values >= 0) & (values <= LARGEST_COUNT)).all():
            raise BadFile(f"{name} must be a number from 0 to 2^53 in each row, got another one in {where}")


def check_dataset(dataset: Dataset) -> None:
    """Refuse data that is none.

    Raises
    ------
    BadFile
        When kind, shape or range of an array does not fit the others.
    """
    wide = dataset.features
    is_classes = dataset.task == "classification"
    is_whole = (
        dataset.task in ("classification", "regression")
        and bool(dataset.classes) == is_classes
        and all(
            isinstance(name, str) for name in (dataset.name, *dataset.feature_names, *dataset.class_names)
        )
        and dataset.x_mean.shape == dataset.x_scale.shape == (wide,)
        and bool(np.isfinite(dataset.x_mean).all() and np.isfinite(dataset.x_scale).all())
        and bool((dataset.x_scale != 0).all())
        and len(dataset.feature_names) == wide
    )
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_val, dataset.y_val)):
        is_whole = (
            is_whole
            and x.dtype == np.float64
            and x.ndim == 2
            and len(x) == len(y) > 0
            and x.shape[1] == wide
            and bool(np.isfinite(x).all())
            and _fits(y, dataset.classes)
        )
    if not (is_whole and _fits_test(dataset) and _fits_names(dataset) and _fits_plane(dataset)):
        raise BadFile("the data of a run does not fit together")


def _fits_test(dataset: Dataset) -> bool:
    """Tell whether the rows held out for one test, if any, and the scale of the targets are like the rest."""
    x, y = dataset.x_test, dataset.y_test
    outputs = 1 if dataset.classes else dataset.y_train.shape[1]
    is_scale = all(
        each.dtype == np.float64 and each.shape in ((1,), (outputs,)) and bool(np.isfinite(each).all())
        for each in (dataset.y_mean, dataset.y_scale)
    )
    if x.dtype != np.float64 or not is_scale or not (dataset.y_scale != 0).all():
        return False
    if len(x) == 0:
        return len(y) == 0
    fits = x.ndim == 2 and x.shape[1] == dataset.features and len(x) == len(y)
    return fits and bool(np.isfinite(x).all()) and _fits(y, dataset.classes)


def _fits_names(dataset: Dataset) -> bool:
    """Tell whether there is a name for each of several outputs, and none otherwise."""
    names, outputs = dataset.target_names, 1 if dataset.classes else dataset.y_train.shape[1]
    return all(isinstance(name, str) for name in names) and len(names) == (outputs if outputs > 1 else 0)


def _fits_plane(dataset: Dataset) -> bool:
    """Tell whether features were made as they say from the places of the rows, if they were made."""
    sides = (
        (dataset.coordinates_train, dataset.x_train),
        (dataset.coordinates_val, dataset.x_val),
    )
    if not isinstance(dataset.encoding, dict):
        return False
    if "features" not in dataset.encoding:
        return all(len(places) == 0 for places, _ in sides)
    return (
        dataset.encoding == plane_encoding(dataset.feature_names)
        and set(dataset.feature_names) <= set(FEATURES)
        and all(
            places.dtype == np.float64
            and places.shape == (len(x), len(COORDINATES))
            and np.allclose(dataset.inputs_at(places), x)
            for places, x in sides
        )
    )


def _fits(y: np.ndarray, classes: int) -> bool:
    if classes:
        return y.ndim == 1 and y.dtype == np.int64 and bool(((y >= 0) & (y < classes)).all())
    return y.ndim == 2 and y.dtype == np.float64 and bool(np.isfinite(y).all())


def check_predictions(arrays: dict[str, np.ndarray], dataset: Dataset, outputs: int) -> None:
    """Refuse predictions that are not of the rows held out; what they say may be anything.

    Raises
    ------
    BadFile
        When an array is missing, unknown, or has another shape or kind.
    """
    rows = {"val": len(dataset.x_val), "test": len(dataset.x_test)}
    is_known = "val" in arrays and arrays.keys() <= rows.keys()
    if not is_known or any(
        array.shape != (rows[name], outputs) or array.dtype not in (np.float32, np.float64)
        for name, array in arrays.items()
    ):
        raise BadFile("the predictions of a run do not fit its data")


def check_state(state: State, fresh: State) -> None:
    """Refuse a state that does not fit its network, optimizer and data.

    Parameters
    ----------
    fresh : State
        One of the same configuration before the first step.

    Raises
    ------
    BadFile
        When an array is missing or has another shape or kind.
    """
    if not _is_like(vars(state), vars(fresh)):
        raise BadFile("the state of a run does not fit its network")
    order = state.permutation
    if not np.array_equal(np.sort(order), np.arange(len(order))):
        raise BadFile("the state of a run must hold an order of its training rows")
    if not 0 <= state.recorded_step <= state.step:
        raise BadFile("the state of a run must not be older than its last record")
    if not (state.step <= LARGEST_COUNT and 0 <= state.seconds <= LARGEST_COUNT):
        raise BadFile("step and seconds of the state of a run must be numbers from 0 to 2^53")


def _is_like(value: Any, fresh: Any) -> bool:
    """Tell whether a value has the kind and shape of another; None stands for a number not set yet."""
    if isinstance(fresh, dict):
        return (
            isinstance(value, dict)
            and value.keys() == fresh.keys()
            and all(_is_like(value[name], fresh[name]) for name in fresh)
        )
    if is_dataclass(fresh):
        return type(value) is type(fresh) and _is_like(vars(value), vars(fresh))
    if isinstance(fresh, np.ndarray):
        return isinstance(value, np.ndarray) and (value.shape, value.dtype) == (fresh.shape, fresh.dtype)
    if fresh is None or isinstance(fresh, (int, float)):
        return isinstance(value, (int, float)) or (fresh is None and value is None)
    return type(value) is type(fresh)
