"""A dataset ready for training: made from settings, split, standardised, and stored by content."""

import hashlib
from dataclasses import dataclass

import numpy as np

from engine.codec import pack, unpack
from engine.config.data import SYNTHETIC_DATASETS, DataSettings
from engine.config.resolve import DataFacts, resolved_size, task_of
from engine.data.bundled import bundled
from engine.data.synthetic import SYNTHETIC

GENERATION, SPLIT, LABEL_NOISE, FEATURE_NOISE, SUBSET = range(5)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows to learn from and rows to validate on.

    Attributes
    ----------
    name, task : str
        ``task`` is ``classification`` or ``regression``.
    x_train, x_val : numpy.ndarray
        ``(n, features)`` float64, standardised with the mean and scale of the training rows.
    y_train, y_val : numpy.ndarray
        ``(n,)`` int64 labels, or ``(n, outputs)`` float64 values.
    x_mean, x_scale : numpy.ndarray
        ``raw = x * x_scale + x_mean``.
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


def build_dataset(settings: DataSettings) -> Dataset:
    """Make the dataset that the settings describe; the same settings give the same bits.

    Raises
    ------
    ConfigError
        When more rows are asked for than the table has.
    """
    samples, noise = resolved_size(settings)
    name = settings.dataset
    if name in SYNTHETIC_DATASETS:
        x, y = SYNTHETIC[name](samples, noise, _generator(settings, GENERATION))
        features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
        classes = () if task_of(name) == "regression" else tuple(str(label) for label in np.unique(y))
    else:
        x, y, features, classes = bundled(name)
        chosen = np.sort(split_rows(y, 1 - samples / len(y), _generator(settings, SUBSET))[0])
        x, y = x[chosen], y[chosen]
        x = x + _generator(settings, FEATURE_NOISE).normal(0, 1, x.shape) * noise * x.std(axis=0)
    train, val = split_rows(
        y if classes else None, settings.validation_fraction, _generator(settings, SPLIT), len(x)
    )
    y_train = _with_wrong_targets(
        y[train], settings.label_noise, len(classes), _generator(settings, LABEL_NOISE)
    )
    train = train[: used_rows(len(train), settings.train_fraction)]
    y_train = y_train[: len(train)]
    mean, varies = x[train].mean(axis=0), np.ptp(x[train], axis=0) > 0
    scale = np.where(varies, x[train].std(axis=0), 1.0)
    x = (x - mean) / scale
    return Dataset(name, task_of(name), x[train], y_train, x[val], y[val], mean, scale, features, classes)


def used_rows(train_rows: int, fraction: float) -> int:
    """Return how many training rows a share of them is, one or more: the first ones, so that shares nest."""
    return max(1, round(fraction * train_rows))


def split_rows(
    labels: np.ndarray | None, held_out: float, generator: np.random.Generator, rows: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled row numbers kept and held out, each class with the same share.

    Parameters
    ----------
    labels : numpy.ndarray or None
        ``(n,)`` classes to keep in proportion; None for a plain split of ``rows`` rows.
    held_out : float
        Share in [0, 1). The number held out is rounded once for all rows, to one row or more unless the
        share is 0; what rounding leaves over goes to the classes with the largest remainders.
    """
    count = len(labels) if labels is not None else int(rows or 0)
    order = generator.permutation(count)
    groups = [order] if labels is None else [order[labels[order] == c] for c in np.unique(labels)]
    exact = np.array([len(group) * held_out for group in groups])
    taken = np.floor(exact).astype(int)
    missing = max(round(count * held_out), int(held_out > 0)) - int(taken.sum())
    taken[np.argsort(taken - exact, kind="stable")[:missing]] += 1
    kept = np.concatenate([group[n:] for group, n in zip(groups, taken, strict=True)])
    held = np.concatenate([group[:n] for group, n in zip(groups, taken, strict=True)])
    return generator.permutation(kept), generator.permutation(held)


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
