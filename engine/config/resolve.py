"""Fills in what a configuration leaves open, once the data is known; must not know how the data is made."""

from dataclasses import dataclass
from typing import Any

from engine.config.data import (
    BUNDLED_ROWS,
    DEFAULT_NOISE,
    DEFAULT_SYNTHETIC_ROWS,
    REGRESSION_DATASETS,
    TABLE,
    DataSettings,
)
from engine.config.errors import ConfigError
from engine.config.run_config import DEFAULTS_BY_CHOICE, RunConfig, help_of
from engine.config.setting import applies


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
        When the loss does not fit the target, or a batch is larger than the training rows.
    """
    values: dict[str, Any] = {"loss": _loss(config, facts), "initializer": _initializer(config)}
    samples, noise = resolved_size(config)
    values |= {"samples": config.samples if config.dataset == TABLE else samples, "noise": noise}
    for name, default in DEFAULTS_BY_CHOICE.items():
        decided = {**config.__dict__, **values}
        if decided[name] is None and applies(help_of(name), decided):
            values[name] = default
    if config.batch_size != "full" and config.batch_size > facts.train_rows:
        raise ConfigError(
            f"batch_size must be at most the {facts.train_rows} training rows, got {config.batch_size}"
        )
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


def _initializer(config: RunConfig) -> str:
    if config.initializer != "auto":
        return config.initializer
    return "he_normal" if config.activation == "relu" else "xavier_uniform"


def _loss(config: RunConfig, facts: DataFacts) -> str:
    if facts.task == "regression":
        fitting = ("mse",)
    elif facts.classes == 2:
        fitting = ("binary_cross_entropy", "cross_entropy", "mse")
    else:
        fitting = ("cross_entropy", "mse")
    if config.loss == "auto":
        return fitting[0]
    if config.loss not in fitting:
        target = "a regression target" if facts.task == "regression" else f"{facts.classes} classes"
        raise ConfigError(f"loss must be one of {', '.join(fitting)} for {target}, got {config.loss}")
    return config.loss
