"""Curves without weights become runs: checked, summed up, stored."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from engine.config import CONFIG_VERSION, ConfigError, RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset, dataset_to_bytes
from engine.exchange.imports.errors import BadFile
from engine.exchange.imports.parts import check_scalars
from engine.store.records import Series, write_series
from engine.store.runs import insert_run, keep_dataset, plain_text
from engine.store.store import Store
from engine.training.plan import plan
from engine.training.telemetry import LAYER_STATISTICS, SCALAR_INDEX

SMALLEST_ROWS, EPOCHS_AT_MOST = 10, 1_000_000
UNKNOWN_SETTINGS = {"samples": SMALLEST_ROWS, "hidden_sizes": [], "batch_size": "full"}


@dataclass(eq=False)
class Curves:
    """What a table holds of one run.

    Attributes
    ----------
    label : str
        What the file calls the run, for sentences.
    scalars, measured : numpy.ndarray
        ``(n, len(SCALARS))`` as in :class:`engine.store.records.Series`.
    config : RunConfig or None
        None where the file says nothing of settings.
    """

    label: str
    name: str
    scalars: np.ndarray
    measured: np.ndarray
    config: RunConfig | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def keep_curves(store: Store, found: Sequence[Curves]) -> list[int]:
    """Store the curves as runs with the status ``imported``, all of them or none; return their numbers.

    Raises
    ------
    BadFile
        When step, epoch or seconds of a run cannot be so.
    """
    if not found:
        raise BadFile("the file holds no record of any run")
    for curves in found:
        check_scalars(curves.scalars, curves.measured, f"run {curves.label}")
    prepared = [(curves, *_settings(curves)) for curves in found]
    with store.writing() as connection:
        return [_insert(connection, *each) for each in prepared]


def _settings(curves: Curves) -> tuple[RunConfig, bytes, str, bool]:
    """Return settings, data, its name, and whether they are those of the run or stand in for unknown ones."""
    if curves.config is not None:
        try:
            dataset = build_dataset(curves.config)
            plan(resolve(curves.config, dataset.facts), dataset)
        except (ConfigError, LookupError):
            pass
        else:
            return curves.config, dataset_to_bytes(dataset), dataset.name, True
    is_regression = curves.measured[:, SCALAR_INDEX["val_r2"]].any()
    epochs = min(max(1, math.ceil(curves.scalars[-1, SCALAR_INDEX["epoch"]])), EPOCHS_AT_MOST)
    data = "sine" if is_regression else "moons"
    stand_in = parse_config({**UNKNOWN_SETTINGS, "dataset": data, "epochs": epochs})
    dataset = build_dataset(stand_in)
    return stand_in, dataset_to_bytes(dataset), dataset.name, False


def _insert(
    connection: sa.Connection, curves: Curves, config: RunConfig, blob: bytes, data_name: str, is_known: bool
) -> int:
    layers = len(config.hidden_sizes) + 1
    blank = np.full((len(curves.scalars), layers, len(LAYER_STATISTICS)), np.nan)
    recorded = np.zeros((len(blank), len(LAYER_STATISTICS)), np.bool_)
    series = Series(curves.scalars, curves.measured, blank, recorded)
    score = "r2" if curves.measured[:, SCALAR_INDEX["val_r2"]].any() else "accuracy"
    losses = series["val_loss"]
    best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else None
    run_id = insert_run(
        connection,
        name=plain_text(curves.name),
        finished_at=time.time(),
        config=config.to_json(),
        config_version=CONFIG_VERSION if is_known else 0,
        dataset_id=keep_dataset(connection, blob, data_name),
        status="imported",
        message="curves out of a file, without weights"
        + ("" if is_known else "; its settings are not known"),
        step=int(series["step"][-1]),
        total_steps=int(series["step"][-1]),
        epoch=float(series["epoch"][-1]),
        seconds=float(series["seconds"][-1]),
        parameters=0,
        score_name=score,
        train_loss=_last(series["train_loss"]),
        val_loss=_last(losses),
        train_score=_last(series[f"train_{score}"]),
        val_score=_last(series[f"val_{score}"]),
        best_val_loss=None if best is None else float(losses[best]),
        best_step=None if best is None else int(series["step"][best]),
        **curves.facts,
    )
    write_series(connection, run_id, [series])
    return run_id


def _last(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None
