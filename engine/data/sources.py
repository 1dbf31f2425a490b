"""Rows of toys, of bundled tables and of your own, split but not standardised yet."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.config.data import BUNDLED_ROWS, COORDINATES, PLANE_DATASETS, SYNTHETIC_DATASETS, DataSettings
from engine.config.errors import ConfigError
from engine.config.resolve import resolved_size, task_of
from engine.data.bundled import bundled
from engine.data.columns import chosen_columns, split_key, target_names, targets_of, usable_rows
from engine.data.encoding import (
    encode,
    feature_names,
    features_from,
    fit_encoding,
    is_number,
    plane_encoding,
)
from engine.data.split import Parts, group_parts, random_parts, split_rows, time_parts, used_rows
from engine.data.synthetic import SYNTHETIC
from engine.data.table import Table

GENERATION, SPLIT, LABEL_NOISE, FEATURE_NOISE, SUBSET, TEST_SPLIT = range(6)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows before they are standardised: ``x (n, features)``, targets, names, and which rows do what.

    ``places`` are the rows in the plane where the features were made from them.
    """

    x: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    parts: Parts
    encoding: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    places: np.ndarray | None = None


def rows_of(settings: DataSettings, table: Table | None) -> Rows:
    """Return the rows that the settings describe.

    Raises
    ------
    ConfigError
        When more rows are asked for than there are, or the file cannot be used as the settings say.
    """
    if settings.dataset in SYNTHETIC_DATASETS:
        return _toy(settings)
    return _bundled(settings) if settings.dataset in BUNDLED_ROWS else _own_table(settings, table)


def _toy(settings: DataSettings) -> Rows:
    samples, noise = resolved_size(settings)
    name = settings.dataset
    x, y = SYNTHETIC[name](samples, noise, generator_for(settings, GENERATION))
    features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    classes = () if task_of(name) == "regression" else tuple(str(label) for label in np.unique(y))
    parts = _parts(settings, y if classes else None, len(x))
    if name not in PLANE_DATASETS or settings.features == COORDINATES:
        return Rows(x, y, features, classes, parts)
    encoding = plane_encoding(settings.features)
    made = features_from(encoding, x)
    return Rows(made, y, feature_names(encoding), classes, parts, encoding, places=x)


def _bundled(settings: DataSettings) -> Rows:
    samples, noise = resolved_size(settings)
    x, y, features, classes, targets = bundled(settings.dataset)
    chosen = _subset(settings, y if classes else None, len(x), samples)
    x, y = x[chosen], y[chosen]
    x = x + generator_for(settings, FEATURE_NOISE).normal(0, 1, x.shape) * noise * x.std(axis=0)
    parts = _parts(settings, y if classes else None, len(x))
    return Rows(x, y, features, classes, parts, targets=targets)


def _own_table(settings: DataSettings, table: Table | None) -> Rows:
    if table is None:
        raise ConfigError("table must name a file that is kept in the store, got none")
    columns = chosen_columns(table, settings)
    target = targets_of(table, settings)
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
        draws = generator_for(settings, FEATURE_NOISE).normal(0, settings.noise, x.shape)
        x += draws * np.where(is_number(encoding), x.std(axis=0), 0.0)
    return Rows(
        x, target.y[rows], feature_names(encoding), target.classes, parts, encoding, target_names(settings)
    )


def _subset(settings: DataSettings, labels: np.ndarray | None, rows: int, samples: int) -> np.ndarray:
    kept, _ = split_rows(labels, 1 - samples / rows, generator_for(settings, SUBSET), rows)
    return np.sort(kept)


def _parts(
    settings: DataSettings, labels: np.ndarray | None, rows: int, key: np.ndarray | None = None
) -> Parts:
    shares = settings.validation_fraction, settings.test_fraction
    generator = generator_for(settings, SPLIT)
    if key is None:
        return random_parts(labels, rows, shares, (generator, generator_for(settings, TEST_SPLIT)))
    return (group_parts if settings.split == "group" else time_parts)(key, shares, generator)


def generator_for(settings: DataSettings, purpose: int) -> np.random.Generator:
    """Return a generator of its own for each purpose, so that one never changes what another draws."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence(settings.data_seed, spawn_key=(purpose,)))
    )
