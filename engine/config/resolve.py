"""Fills in what a configuration leaves open, once the data is known."""

from dataclasses import dataclass
from typing import Any

from engine.config.data import (
    BUNDLED_ROWS,
    DEFAULT_NOISE,
    DEFAULT_SYNTHETIC_ROWS,
    REGRESSION_DATASETS,
    SYNTHETIC_DATASETS,
    TABLE,
    DataSettings,
)
from engine.config.errors import ConfigError
from engine.config.run_config import RunConfig, default_beside
from engine.nn.losses import losses_for
from engine.nn.normalization import NORMALIZATIONS
from engine.nn.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class DataFacts:
    """What a configuration must know of its data: ``task``, ``classes`` (0 for regression), rows."""

    task: str
    classes: int
    train_rows: int


def resolve(config: RunConfig, facts: DataFacts) -> RunConfig:
    """Return the configuration with every open setting filled in and checked against the data.

    Parameters
    ----------
    config : RunConfig
    facts : DataFacts
        What is known of the data that the run learns from.

    Raises
    ------
    ConfigError
        When the loss does not fit the target, a batch is larger than the training rows, or batch norm would
        meet a batch of one row.
    """
    values: dict[str, Any] = {"loss": _loss(config, facts), "initializer": _initializer(config)}
    if config.weight_decay > 0 and config.decay_kind == "auto":
        values["decay_kind"] = "decoupled" if OPTIMIZERS[config.optimizer].decoupled else "coupled"
    if config.evaluation == "auto":
        waits = config.early_stopping is not None or config.schedule == "plateau"
        values["evaluation"] = "epoch" if waits else "spread"
    samples, noise = resolved_size(config)
    values |= {"samples": config.samples if config.dataset == TABLE else samples, "noise": noise}
    values["standardize_target"] = _standardize_target(config, facts)
    for name in type(config).model_fields:
        decided = {**config.__dict__, **values}
        if decided[name] is None:
            values[name] = default_beside(name, decided)
    if config.batch_size != "full" and config.batch_size > facts.train_rows:
        raise ConfigError(
            f"batch_size must be at most the {facts.train_rows} training rows, got {config.batch_size}"
        )
    values["last_batch"] = _last_batch(config, facts)
    _refuse_a_single_row(config, facts, values["last_batch"])
    _check_classes(config, facts)
    return config.model_copy(update=values)


def resolved_size(settings: DataSettings) -> tuple[int, float]:
    """Return the number of rows and the noise that the data settings stand for.

    Raises
    ------
    ConfigError
        When a table has fewer rows than asked for.
    """
    name = settings.dataset
    available = BUNDLED_ROWS.get(name)
    samples = settings.samples if settings.samples is not None else available or DEFAULT_SYNTHETIC_ROWS
    if available is not None and samples > available:
        raise ConfigError(f"samples must be <= {available} for {name}, got {samples}")
    return samples, settings.noise if settings.noise is not None else DEFAULT_NOISE[name]


def task_of(dataset: str) -> str:
    """Return ``regression`` or ``classification`` for the name of a toy or of a bundled table."""
    return "regression" if dataset in REGRESSION_DATASETS else "classification"


def learns_standardized(settings: DataSettings) -> bool:
    """Tell whether values to predict are standardised: those of tables, unless the settings say otherwise."""
    if settings.standardize_target == "auto":
        return settings.dataset not in SYNTHETIC_DATASETS
    return settings.standardize_target == "on"


def _standardize_target(config: RunConfig, facts: DataFacts) -> str:
    if facts.task == "regression":
        return "on" if learns_standardized(config) else "off"
    if config.standardize_target != "auto":
        raise ConfigError(
            f"standardize_target applies only to values to predict, got {facts.classes} classes with "
            f"standardize_target {config.standardize_target}"
        )
    return "auto"


def _last_batch(config: RunConfig, facts: DataFacts) -> str:
    """Return what becomes of rows that fill no batch: auto spreads them where a batch has statistics."""
    if config.last_batch != "auto":
        return config.last_batch
    size = facts.train_rows if config.batch_size == "full" else config.batch_size
    return "spread" if _looks_at_batches(config) and facts.train_rows % size else "keep"


def _looks_at_batches(config: RunConfig) -> bool:
    kind = NORMALIZATIONS[config.normalization]
    return kind is not None and kind.needs_two_rows and bool(config.hidden_sizes)


def _refuse_a_single_row(config: RunConfig, facts: DataFacts, last_batch: str) -> None:
    if not _looks_at_batches(config):
        return
    rows, normalization = facts.train_rows, config.normalization
    batch = rows if config.batch_size == "full" else config.batch_size

    def smallest(size: int) -> int:
        if last_batch == "spread":
            return rows // -(-rows // size)
        return size if last_batch == "drop" else rows % size or size

    if smallest(batch) > 1:
        return
    good = [size for size in range(2, rows + 1) if smallest(size) > 1]
    if not good:
        raise ConfigError(f"normalization {normalization} needs 2 training rows or more, got {rows}")
    nearest_good = min(good, key=lambda size: (abs(size - batch), size))
    raise ConfigError(
        f"batch_size must leave no batch of a single row of the {rows} training rows with normalization "
        f"{normalization}, such as {nearest_good}, got {config.batch_size}"
    )


def _check_classes(config: RunConfig, facts: DataFacts) -> None:
    for name in ("label_smoothing", "class_weights"):
        if facts.task == "regression" and getattr(config, name):
            raise ConfigError(f"{name} applies only to classes, got a regression target")
    weights = config.class_weights
    if isinstance(weights, tuple) and len(weights) != facts.classes:
        raise ConfigError(f"class_weights must name {facts.classes} weights, got {len(weights)}")


def _initializer(config: RunConfig) -> str:
    """Return how all layers start; ``auto`` stays where layers start each in their own way."""
    starts = set(config.initializers)
    return starts.pop() if len(starts) == 1 else config.initializer


def _loss(config: RunConfig, facts: DataFacts) -> str:
    kind = "two classes" if facts.classes == 2 else "classes" if facts.classes else "regression"
    fitting = losses_for(kind)
    if config.loss == "auto":
        return fitting[0]
    if config.loss not in fitting:
        target = f"{facts.classes} classes" if facts.classes else "a regression target"
        raise ConfigError(f"loss must be one of {', '.join(fitting)} for {target}, got {config.loss}")
    return config.loss
