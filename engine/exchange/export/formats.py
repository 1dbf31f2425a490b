"""The export formats by name."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from engine.exchange.export.bundle import write_bundle
from engine.exchange.export.parquet import write_parquet
from engine.exchange.export.summary import run_summary
from engine.exchange.export.text import layers_parts, metrics_parts, wide_parts
from engine.store.checkpoints import latest_checkpoint
from engine.store.runs import get_run, load_run
from engine.store.store import Store, StoreError
from engine.training.model import weights_by_layer


@dataclass(frozen=True)
class ExportFormat:
    """One format: what people read about it, how its files end, and what a browser calls it."""

    title: str
    description: str
    ending: str
    mime: str


FORMATS = {
    "csv": ExportFormat(
        "CSV, long", "every record, one row each; lossless, can be imported", "csv", "text/csv"
    ),
    "layers": ExportFormat(
        "CSV of the layers", "statistics of every layer at every record", "csv", "text/csv"
    ),
    "wide": ExportFormat("CSV, wide", "one row a step, one column a run and metric", "csv", "text/csv"),
    "parquet": ExportFormat(
        "Parquet",
        "every record and the settings; can be imported",
        "parquet",
        "application/vnd.apache.parquet",
    ),
    "json": ExportFormat("JSON", "settings and results", "json", "application/json"),
    "npz": ExportFormat(
        "Weights (NumPy)", "the newest parameters by layer", "npz", "application/octet-stream"
    ),
    "bundle": ExportFormat(
        "Bundle", "whole runs, to be imported elsewhere without loss", "zip", "application/zip"
    ),
}


def write_export(
    store: Store,
    run_ids: Sequence[int],
    format: str,
    file: IO[bytes],
    *,
    layers: bool = False,
    spreadsheet_safe: bool = False,
) -> None:
    """Write runs to a file in one of :data:`FORMATS`.

    Parameters
    ----------
    layers : bool
        Statistics by layer instead of metrics, in the CSV and in Parquet.
    spreadsheet_safe : bool
        For CSV: put an apostrophe before names that a spreadsheet would take for a formula.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    StoreError
        When weights are asked for of a run that has none.
    ValueError
        For an unknown format.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    if format == "parquet":
        write_parquet(store, run_ids, file, layers=layers)
    elif format == "bundle":
        write_bundle(store, run_ids, file)
    elif format == "npz":
        write_weights(store, run_ids, file)
    elif format == "json":
        summaries = [run_summary(get_run(store, run_id)) for run_id in run_ids]
        text = json.dumps({"runs": summaries}, indent=2, allow_nan=False, ensure_ascii=False)
        file.write(f"{text}\n".encode())
    else:
        if format == "wide":
            parts = wide_parts(store, run_ids)
        else:
            is_long = format == "csv" and not layers
            parts = (metrics_parts if is_long else layers_parts)(store, run_ids, spreadsheet_safe)
        for part in parts:
            file.write(part.encode())


def exported(store: Store, run_ids: Sequence[int], format: str, *, spreadsheet_safe: bool = False) -> bytes:
    """Return what :func:`write_export` writes."""
    file = io.BytesIO()
    write_export(store, run_ids, format, file, spreadsheet_safe=spreadsheet_safe)
    return file.getvalue()


def write_weights(store: Store, run_ids: Sequence[int], file: IO[bytes]) -> None:
    """Write the newest parameters of runs as .npz: ``dense1.weight`` (out, in), ``dense1.bias``, ...

    With several runs each name begins with its run: ``run3.dense1.weight``.

    Raises
    ------
    StoreError
        When a run has no weights: it was not trained yet, or only its curves were imported.
    """
    named: dict[str, np.ndarray] = {}
    for run_id in run_ids:
        config, dataset = load_run(store, run_id)
        state, _ = latest_checkpoint(store, run_id)
        if state is None:
            raise StoreError(f"run {run_id} has no checkpoint yet: its training has not started")
        opening = f"run{run_id}." if len(run_ids) > 1 else ""
        weights = weights_by_layer(config, dataset, state)
        named |= {f"{opening}{name}": array for name, array in weights.items()}
    np.savez(file, allow_pickle=False, **named)
