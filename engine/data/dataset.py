"""A dataset ready for training: made from settings, split, standardised, and stored by content."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.codec import pack, unpack
from engine.config.data import COORDINATES, DataSettings
from engine.config.resolve import DataFacts, learns_standardized
from engine.data.encoding import features_from, is_number, plain_encoding
from engine.data.sources import LABEL_NOISE, Rows, generator_for, rows_of
from engine.data.split import used_rows
from engine.data.table import Table

CLASSES_IN_A_PLANE = 64
LATER = ("target_names", "coordinates_train", "coordinates_val")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from, rows to validate on, and perhaps rows for one test at the end.

    Attributes
    ----------
    name, task : str
        ``task`` is ``classification`` or ``regression``.
    x_train, x_val, x_test : numpy.ndarray
        ``(n, features)`` float64, standardised with the mean and scale of the training rows unless the
        settings say otherwise; values of a text stay 0 and 1. ``x_test`` may have no rows.
    y_train, y_val, y_test : numpy.ndarray
        ``(n,)`` int64 labels, or ``(n, outputs)`` float64 values in the units of the data.
    x_mean, x_scale : numpy.ndarray
        ``raw = x * x_scale + x_mean``.
    y_mean, y_scale : numpy.ndarray
        ``(outputs,)``: a regression learns ``(y - y_mean) / y_scale``, so that losses are in squared
        standard deviations of the training targets; R² is the same in both. 0 and 1 where targets are
        learned as they are, and for classes.
    encoding : dict
        How columns become features, see :mod:`engine.data.encoding`; empty where they are the same.
    target_names : tuple of str
        Names of the outputs of a regression with several; empty for all others.
    coordinates_train, coordinates_val : numpy.ndarray
        ``(n, 2)`` places of the rows in the plane where features were made from them; otherwise without rows,
        see :meth:`coordinates`.
    """

    name: str
    task: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_mean: np.ndarray
    x_scale: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    x_test: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    y_test: np.ndarray = field(default_factory=lambda: np.empty(0))
    y_mean: np.ndarray = field(default_factory=lambda: np.zeros(1))
    y_scale: np.ndarray = field(default_factory=lambda: np.ones(1))
    encoding: dict[str, Any] = field(default_factory=dict)
    target_names: tuple[str, ...] = ()
    coordinates_train: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    coordinates_val: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def score_name(self) -> str:
        """What its predictions are scored by: ``accuracy`` of classes, ``r2`` of values."""
        return "r2" if self.task == "regression" else "accuracy"

    @property
    def features(self) -> int:
        """Number of input features."""
        return self.x_train.shape[1]

    @property
    def classes(self) -> int:
        """Number of classes, 0 for regression."""
        return len(self.class_names)

    @property
    def facts(self) -> DataFacts:
        """What a configuration must know of the data."""
        return DataFacts(self.task, self.classes, len(self.x_train))

    @property
    def columns(self) -> dict[str, Any]:
        """How rows of a file become features, for tables and for all others."""
        return self.encoding or plain_encoding(self.feature_names)

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the coordinates: what the features are made from, or the features themselves."""
        return COORDINATES if len(self.coordinates_train) else self.feature_names

    @property
    def has_plane(self) -> bool:
        """Whether what a network says can be drawn over the coordinates: a plane, or a curve of one value."""
        axes = len(self.axis_names)
        if self.task == "regression":
            return axes <= 2 and self.y_train.shape[1] == 1
        return axes == 2 and self.classes <= CLASSES_IN_A_PLANE

    def coordinates(self, split: str) -> np.ndarray:
        """Return ``(n, axes)`` places of the ``training`` or ``validation`` rows, in units of the data."""
        is_training = split == "training"
        places = self.coordinates_train if is_training else self.coordinates_val
        if len(places):
            return places
        return (self.x_train if is_training else self.x_val) * self.x_scale + self.x_mean

    def inputs_at(self, coordinates: np.ndarray) -> np.ndarray:
        """Return what a network reads at coordinates ``(n, axes)``: features, standardised."""
        made = features_from(self.encoding, coordinates) if len(self.coordinates_train) else coordinates
        return (made - self.x_mean) / self.x_scale

    def learned_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets as the network learns them: values standardised, labels as they are."""
        return (y - self.y_mean) / self.y_scale if self.task == "regression" else y


def build_dataset(settings: DataSettings, table: Table | None = None) -> Dataset:
    """Make the dataset that the settings describe; the same settings give the same bits.

    Parameters
    ----------
    settings : DataSettings
    table : Table, optional
        The file that ``settings.table`` names, as :func:`engine.data.reading.read_table` reads it; only for
        a table of one's own.

    Raises
    ------
    ConfigError
        When more rows are asked for than there are, or the file cannot be used as the settings say.
    """
    rows = rows_of(settings, table)
    train, val, test = rows.parts
    y_train = _with_wrong_targets(
        rows.y[train], settings.label_noise, len(rows.classes), generator_for(settings, LABEL_NOISE)
    )
    train = train[: used_rows(len(train), settings.train_fraction)]
    y_train = y_train[: len(train)]
    mean, scale = _input_scale(settings, rows, train)
    x = (rows.x - mean) / scale
    is_raw = bool(rows.classes) or not learns_standardized(settings)
    y_mean, y_scale = (np.zeros(1), np.ones(1)) if is_raw else _mean_and_scale(rows.y[train])
    places = {
        f"coordinates_{split}": rows.places[part]
        for split, part in (("train", train), ("val", val))
        if rows.places is not None
    }
    return Dataset(
        settings.dataset,
        "classification" if rows.classes else "regression",
        x[train],
        y_train,
        x[val],
        rows.y[val],
        mean,
        scale,
        rows.features,
        rows.classes,
        x[test],
        rows.y[test],
        y_mean,
        y_scale,
        rows.encoding,
        rows.targets if len(rows.targets) > 1 else (),
        **places,
    )


def _input_scale(settings: DataSettings, rows: Rows, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if settings.standardize_inputs == "off":
        return np.zeros(rows.x.shape[1]), np.ones(rows.x.shape[1])
    is_scaled = is_number(rows.encoding) if rows.encoding else np.ones(rows.x.shape[1], np.bool_)
    mean, scale = _mean_and_scale(rows.x[train])
    return np.where(is_scaled, mean, 0.0), np.where(is_scaled, scale, 1.0)


def _mean_and_scale(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    varies = np.ptp(rows, axis=0) > 0
    return rows.mean(axis=0), np.where(varies, rows.std(axis=0), 1.0)


def _with_wrong_targets(
    y: np.ndarray, share: float, classes: int, generator: np.random.Generator
) -> np.ndarray:
    wrong = generator.permutation(len(y))[: round(share * len(y))]
    y = y.copy()
    if classes:
        y[wrong] = (y[wrong] + generator.integers(1, classes, len(wrong))) % classes
    else:
        y[wrong] = generator.uniform(y.min(axis=0), y.max(axis=0), y[wrong].shape)
    return y


def dataset_to_bytes(dataset: Dataset) -> bytes:
    """Return the dataset as bytes; equal datasets give equal bytes.

    Parts that came later are left out where there is nothing in them, so that what was stored before them
    keeps its name.
    """
    parts = {name: value for name, value in vars(dataset).items() if name not in LATER or len(value)}
    arrays = {name: value for name, value in parts.items() if isinstance(value, np.ndarray)}
    facts = {name: value for name, value in parts.items() if not isinstance(value, np.ndarray)}
    return pack(arrays, facts)


def dataset_from_bytes(blob: bytes) -> Dataset:
    """Return the dataset that :func:`dataset_to_bytes` wrote.

    Raises
    ------
    CodecError
        When the bytes are foreign or damaged.
    """
    arrays, facts = unpack(blob)
    for key in {"feature_names", "class_names", "target_names"} & facts.keys():
        facts[key] = tuple(facts[key])
    parts: dict[str, Any] = {**arrays, **facts}
    return Dataset(**parts)


def content_id(blob: bytes) -> str:
    """Return the name of a content: the sha256 of its bytes in hex."""
    return hashlib.sha256(blob).hexdigest()
