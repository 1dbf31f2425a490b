"""A dataset ready for training: made from settings, split, standardised, and stored by content."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.codec import pack, unpack
from engine.config.data import BUNDLED_ROWS, SYNTHETIC_DATASETS, DataSettings
from engine.config.errors import ConfigError
from engine.config.resolve import DataFacts, resolved_size, task_of
from engine.data.bundled import bundled
from engine.data.columns import chosen_columns, split_key, target_of, usable_rows
from engine.data.encoding import encode, feature_names, fit_encoding, is_number, plain_encoding
from engine.data.split import Parts, group_parts, random_parts, split_rows, time_parts
from engine.data.synthetic import SYNTHETIC
from engine.data.table import Table

GENERATION, SPLIT, LABEL_NOISE, FEATURE_NOISE, SUBSET, TEST_SPLIT = range(6)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from, rows to validate on, and perhaps rows for one test at the end.

    Attributes
    ----------
    name, task : str
        ``task`` is ``classification`` or ``regression``.
    x_train, x_val, x_test : numpy.ndarray
        ``(n, features)`` float64, standardised with the mean and scale of the training rows; values of a
        text stay 0 and 1. ``x_test`` may have no rows.
    y_train, y_val, y_test : numpy.ndarray
        ``(n,)`` int64 labels, or ``(n, outputs)`` float64 values in the units of the data.
    x_mean, x_scale : numpy.ndarray
        ``raw = x * x_scale + x_mean``.
    y_mean, y_scale : numpy.ndarray
        ``(outputs,)``: a regression learns ``(y - y_mean) / y_scale``, so that losses are in squared
        standard deviations of the training targets; R² is the same in both. 0 and 1 for toys and classes.
    encoding : dict
        How columns of a table become features, see :mod:`engine.data.encoding`; empty for the others.
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

    def learned_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets as the network learns them: values standardised, labels as they are."""
        return (y - self.y_mean) / self.y_scale if self.task == "regression" else y


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows before they are standardised: ``x (n, features)``, targets, names, and which rows do what."""

    x: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    parts: Parts
    encoding: dict[str, Any] = field(default_factory=dict)


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
    if settings.dataset in SYNTHETIC_DATASETS:
        rows = _toy(settings)
    elif settings.dataset in BUNDLED_ROWS:
        rows = _bundled(settings)
    else:
        rows = _own_table(settings, table)
    train, val, test = rows.parts
    y_train = _with_wrong_targets(
        rows.y[train], settings.label_noise, len(rows.classes), _generator(settings, LABEL_NOISE)
    )
    train = train[: used_rows(len(train), settings.train_fraction)]
    y_train = y_train[: len(train)]
    is_scaled = is_number(rows.encoding) if rows.encoding else np.ones(rows.x.shape[1], np.bool_)
    mean, scale = _mean_and_scale(rows.x[train])
    mean, scale = np.where(is_scaled, mean, 0.0), np.where(is_scaled, scale, 1.0)
    x = (rows.x - mean) / scale
    is_raw = bool(rows.classes) or settings.dataset in SYNTHETIC_DATASETS
    y_mean, y_scale = (np.zeros(1), np.ones(1)) if is_raw else _mean_and_scale(rows.y[train])
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
    )


def used_rows(train_rows: int, fraction: float) -> int:
    """Return how many training rows a share of them is, one or more: the first ones, so that shares nest."""
    return max(1, round(fraction * train_rows))


def _toy(settings: DataSettings) -> _Rows:
    samples, noise = resolved_size(settings)
    name = settings.dataset
    x, y = SYNTHETIC[name](samples, noise, _generator(settings, GENERATION))
    features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    classes = () if task_of(name) == "regression" else tuple(str(label) for label in np.unique(y))
    return _Rows(x, y, features, classes, _parts(settings, y if classes else None, len(x)))


def _bundled(settings: DataSettings) -> _Rows:
    samples, noise = resolved_size(settings)
    x, y, features, classes = bundled(settings.dataset)
    chosen = _subset(settings, y if classes else None, len(x), samples)
    x, y = x[chosen], y[chosen]
    x = x + _generator(settings, FEATURE_NOISE).normal(0, 1, x.shape) * noise * x.std(axis=0)
    return _Rows(x, y, features, classes, _parts(settings, y if classes else None, len(x)))


def _own_table(settings: DataSettings, table: Table | None) -> _Rows:
    if table is None:
        raise ConfigError("table must name a file that is kept in the store, got none")
    columns = chosen_columns(table, settings)
    target = target_of(table.column(settings.target or "", "target"))
    rows = usable_rows(columns, target, settings.missing)
    samples = settings.samples or len(rows)
    if samples > len(rows):
        raise ConfigError(f"samples must be <= {len(rows)} rows that can be used, got {samples}")
    labels = target.y if target.classes else None
    rows = rows[_subset(settings, labels[rows] if labels is not None else None, len(rows), samples)]
    key = split_key(table, settings, rows)
    parts = _parts(settings, labels[rows] if labels is not None else None, len(rows), key)
    known = parts[0][: used_rows(len(parts[0]), settings.train_fraction)]
    encoding = fit_encoding(columns, rows[known], settings.missing)
    x = encode(encoding, table, rows)
    if settings.noise:
        draws = _generator(settings, FEATURE_NOISE).normal(0, settings.noise, x.shape)
        x += draws * np.where(is_number(encoding), x.std(axis=0), 0.0)
    return _Rows(x, target.y[rows], feature_names(encoding), target.classes, parts, encoding)


def _subset(settings: DataSettings, labels: np.ndarray | None, rows: int, samples: int) -> np.ndarray:
    kept, _ = split_rows(labels, 1 - samples / rows, _generator(settings, SUBSET), rows)
    return np.sort(kept)


def _parts(
    settings: DataSettings, labels: np.ndarray | None, rows: int, key: np.ndarray | None = None
) -> Parts:
    shares = settings.validation_fraction, settings.test_fraction
    generator = _generator(settings, SPLIT)
    if key is None:
        return random_parts(labels, rows, shares, (generator, _generator(settings, TEST_SPLIT)))
    return (group_parts if settings.split == "group" else time_parts)(key, shares, generator)


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
        y[wrong] = generator.uniform(y.min(), y.max(), y[wrong].shape)
    return y


def _generator(settings: DataSettings, purpose: int) -> np.random.Generator:
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence(settings.data_seed, spawn_key=(purpose,)))
    )


def dataset_to_bytes(dataset: Dataset) -> bytes:
    """Return the dataset as bytes; equal datasets give equal bytes."""
    arrays = {name: value for name, value in vars(dataset).items() if isinstance(value, np.ndarray)}
    facts = {name: value for name, value in vars(dataset).items() if not isinstance(value, np.ndarray)}
    return pack(arrays, facts)


def dataset_from_bytes(blob: bytes) -> Dataset:
    """Return the dataset that :func:`dataset_to_bytes` wrote.

    Raises
    ------
    CodecError
        When the bytes are foreign or damaged.
    """
    arrays, facts = unpack(blob)
    for key in ("feature_names", "class_names"):
        facts[key] = tuple(facts[key])
    return Dataset(**arrays, **facts)


def content_id(blob: bytes) -> str:
    """Return the name of a content: the sha256 of its bytes in hex."""
    return hashlib.sha256(blob).hexdigest()
