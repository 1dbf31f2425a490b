"""Runs as tables and CSV, row for row what the store holds; must not know who asked."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from engine.runs.catalog import get_run
from engine.runs.series import Series, read_series
from engine.runs.store import Store
from engine.training.telemetry import LAYER_INDEX, LAYER_STATISTICS, SCALAR_INDEX, SCALARS

METRICS_HEADER = ("run", "name", *(column.name for column in SCALARS))
LAYERS_HEADER = ("run", "name", "step", "epoch", "layer", *(column.name for column in LAYER_STATISTICS))
WHOLE = frozenset({SCALAR_INDEX["step"]})
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
EVALUATED = ("activation_mean", "activation_std", "saturated_fraction", "dead_fraction")


def metrics_frame(store: Store, run_ids: Sequence[int]) -> pd.DataFrame:
    """Return all records of the runs, one row a record; columns as in :data:`METRICS_HEADER`.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    frames = []
    for run_id in run_ids:
        frame = pd.DataFrame(read_series(store, run_id).scalars, columns=list(METRICS_HEADER[2:]))
        frame.insert(0, "name", get_run(store, run_id).name)
        frame.insert(0, "run", run_id)
        frames.append(frame.astype({"step": "int64"}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(METRICS_HEADER))


def layers_frame(store: Store, run_ids: Sequence[int]) -> pd.DataFrame:
    """Return all layer statistics of the runs, one row a record and layer; see :data:`LAYERS_HEADER`.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    frames = []
    for run_id in run_ids:
        name, series = get_run(store, run_id).name, read_series(store, run_id)
        records, layers, statistics = series.layers.shape
        frame = pd.DataFrame(series.layers.reshape(-1, statistics), columns=list(LAYERS_HEADER[5:]))
        frame.insert(0, "layer", np.tile(np.arange(1, layers + 1), records))
        frame.insert(0, "epoch", np.repeat(series["epoch"], layers))
        frame.insert(0, "step", np.repeat(series["step"].astype(np.int64), layers))
        frame.insert(0, "name", name)
        frame.insert(0, "run", run_id)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(LAYERS_HEADER))


def metrics_csv(store: Store, run_ids: Sequence[int], *, spreadsheet_safe: bool = False) -> str:
    """Return the records of the runs as CSV.

    Numbers are written so that reading them gives the same bits. What was not measured at a step is blank;
    what was measured as NaN or infinite (the last record of a diverged run) is ``nan``, ``inf``, ``-inf``.

    Parameters
    ----------
    spreadsheet_safe : bool
        Put an apostrophe before names that a spreadsheet would take for a formula.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    return _csv(METRICS_HEADER, _rows(store, run_ids, _metrics_cells), spreadsheet_safe)


def layers_csv(store: Store, run_ids: Sequence[int], *, spreadsheet_safe: bool = False) -> str:
    """Return the layer statistics of the runs as CSV, one row a record and layer, written alike.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    return _csv(LAYERS_HEADER, _rows(store, run_ids, _layer_cells), spreadsheet_safe)


def _rows(
    store: Store, run_ids: Sequence[int], cells: Callable[[Series], Iterator[list[str]]]
) -> Iterator[list[str]]:
    for run_id in run_ids:
        name = get_run(store, run_id).name
        for row in cells(read_series(store, run_id)):
            yield [str(run_id), name, *row]


def _metrics_cells(series: Series) -> Iterator[list[str]]:
    for values, measured in zip(series.scalars.tolist(), series.measured.tolist(), strict=True):
        yield [
            ("" if not is_measured else str(int(value)) if index in WHOLE else repr(value))
            for index, (value, is_measured) in enumerate(zip(values, measured, strict=True))
        ]


def _layer_cells(series: Series) -> Iterator[list[str]]:
    updated = series.measured[:, SCALAR_INDEX["grad_norm"]].tolist()
    evaluated = series.measured[:, SCALAR_INDEX["train_loss"]].tolist()
    index_of = {LAYER_INDEX[name] for name in EVALUATED}
    always = LAYER_INDEX["weight_norm"]
    places = zip(series["step"].tolist(), series["epoch"].tolist(), series.layers.tolist(), strict=True)
    for record, (step, epoch, layers) in enumerate(places):
        for number, values in enumerate(layers, start=1):
            cells = []
            for index, value in enumerate(values):
                applies = evaluated[record] if index in index_of else updated[record] or index == always
                never = index in (LAYER_INDEX["saturated_fraction"], LAYER_INDEX["dead_fraction"])
                cells.append("" if not applies or (never and value != value) else repr(value))
            yield [str(int(step)), repr(epoch), str(number), *cells]


def _csv(header: Sequence[str], rows: Iterable[list[str]], spreadsheet_safe: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        if spreadsheet_safe and row[1].startswith(FORMULA_STARTS):
            row[1] = f"'{row[1]}"
        writer.writerow(row)
    return text.getvalue()
