"""Whether a metric of one run says anything about that of another, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.config.choices import option_table
from engine.config.run_config import SECTIONS, RunConfig
from engine.config.settings import SETTINGS
from engine.config.twins import unequal

LOSSES = ("train_loss", "val_loss", "best_val_loss", "test_loss", "batch_loss", "generalization_gap")
SCORES = ("accuracy", "r2", "score")
# They change what a network reads and learns from, and leave the rows that it is measured on as they are.
OF_INPUTS = ("features", "standardize_inputs", "train_fraction")


@dataclass(frozen=True)
class Incomparable:
    """Why runs cannot be ranked by a metric.

    Attributes
    ----------
    unknown : tuple of int
        Runs whose settings are not known, such as imported curves; nothing else is said then.
    loss, rows : tuple of str
        The settings of the loss, and those of the measured rows, in which the runs differ.
    """

    unknown: tuple[int, ...] = ()
    loss: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def why_incomparable(runs: Mapping[int, RunConfig | None], metric: str) -> Incomparable | None:
    """Return why a metric cannot rank runs; None where it can.

    Losses are comparable where they are one function of the same rows in the same units, accuracies and R²
    where they are of the same rows. Whatever else is recorded, such as a gradient's norm, is a fact of its
    run and needs nothing.

    Parameters
    ----------
    runs : mapping
        By run its resolved settings; None where they are not known.
    metric : str
        A column of the records or of a run's row.
    """
    if len(runs) < 2 or not (metric in LOSSES or metric.endswith(SCORES)):
        return None
    if unknown := tuple(run for run, config in runs.items() if config is None):
        return Incomparable(unknown=unknown)
    known = [config for config in runs.values() if config is not None]
    rows = unequal([settings_of_rows(config, metric) for config in known])
    loss = unequal([settings_of_loss(config, metric) for config in known])
    return Incomparable(loss=loss, rows=rows) if loss or rows else None


def settings_of_loss(config: RunConfig, metric: str = "val_loss") -> dict[str, Any]:
    """Return the settings of a resolved configuration that decide what its loss is; none for a score."""
    return {name: getattr(config, name) for name in loss_settings()} if metric in LOSSES else {}


def settings_of_rows(config: RunConfig, metric: str = "val_loss") -> dict[str, Any]:
    """Return the settings of a resolved configuration that decide which rows a metric is measured on.

    For a loss also in which units: those of a standardized target are the deviation of the training rows.
    """
    kept = dict.fromkeys(SECTIONS["data"].model_fields)
    left_out = {*OF_INPUTS} | ({"columns"} if config.missing == "impute" else set())
    if metric not in LOSSES:
        left_out.add("standardize_target")
    elif config.standardize_target == "on":
        left_out.discard("train_fraction")
    if metric.startswith(("train", "batch", "generalization")):
        left_out.discard("train_fraction")
    return {name: getattr(config, name) for name in kept if name not in left_out}


def loss_settings() -> list[str]:
    """Return the names of the settings that decide what a loss is."""
    own = [name for options in option_table("loss").values() for name in options]
    return list(dict.fromkeys(["loss", *(name for name in own if name in SETTINGS)]))
