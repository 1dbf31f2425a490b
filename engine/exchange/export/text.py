"""Runs as CSV, row for row what the store holds, written in parts."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from engine.exchange.export.numerals import csv_lines, texts_of
from engine.store.records import Series, read_parts
from engine.store.runs import get_run
from engine.store.store import Store
from engine.training.telemetry import LAYER_INDEX, LAYER_STATISTICS, SCALAR_INDEX, SCALARS

FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
EVALUATED = ("activation_mean", "activation_std", "saturated_fraction", "dead_fraction")
SCORES = ("accuracy", "r2")


def metrics_header() -> tuple[str, ...]:
    """Return the names of the columns of a table of metrics."""
    return "run", "name", *SCALARS.names


def layers_header() -> tuple[str, ...]:
    """Return the names of the columns of a table of layer statistics."""
    return "run", "name", "step", "epoch", "layer", *LAYER_STATISTICS.names


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
    return "".join(metrics_parts(store, run_ids, spreadsheet_safe))


def layers_csv(store: Store, run_ids: Sequence[int], *, spreadsheet_safe: bool = False) -> str:
    """Return the layer statistics of the runs as CSV, one row a record and layer, written alike.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    return "".join(layers_parts(store, run_ids, spreadsheet_safe))


def wide_csv(store: Store, run_ids: Sequence[int]) -> str:
    """Return the records of the runs side by side: one row a step, one column a run and metric.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    return "".join(wide_parts(store, run_ids))


def metrics_parts(store: Store, run_ids: Sequence[int], spreadsheet_safe: bool = False) -> Iterator[str]:
    """Give the text of :func:`metrics_csv` in parts of some thousand rows."""
    return _parts(store, run_ids, metrics_header(), _metrics_cells, spreadsheet_safe)


def layers_parts(store: Store, run_ids: Sequence[int], spreadsheet_safe: bool = False) -> Iterator[str]:
    """Give the text of :func:`layers_csv` in parts of some thousand records."""
    return _parts(store, run_ids, layers_header(), _layer_cells, spreadsheet_safe)


def _parts(
    store: Store,
    run_ids: Sequence[int],
    header: Sequence[str],
    cells: Callable[[Series], list[Any]],
    spreadsheet_safe: bool,
) -> Iterator[str]:
    names = [(run_id, get_run(store, run_id).name) for run_id in run_ids]
    yield _line(header)
    for run_id, name in names:
        if spreadsheet_safe and name.startswith(FORMULA_STARTS):
            name = f"'{name}"
        opening = _line([str(run_id), name])[:-1]
        for part in read_parts(store, run_id, layers=cells is _layer_cells):
            yield csv_lines(opening, cells(part))


def _metrics_cells(series: Series) -> list[Any]:
    return [_texts_of_scalar(series, name) for name in SCALARS.names]


def layers_known(series: Series) -> np.ndarray:
    """Return which layer statistics were measured, ``(n, layers, len(LAYER_STATISTICS))`` bool."""
    updated, evaluated = (series.measured[:, SCALAR_INDEX[name]] for name in ("grad_norm", "train_loss"))
    known = np.empty(series.layers.shape, np.bool_)
    for name, place in LAYER_INDEX.items():
        measured = True if name == "weight_norm" else evaluated if name in EVALUATED else updated
        known[:, :, place] = (series.recorded[:, place] & measured)[:, np.newaxis]
        if name in ("saturated_fraction", "dead_fraction"):
            known[:, :, place] &= ~np.isnan(series.layers[:, :, place])
    return known


def _layer_cells(series: Series) -> list[Any]:
    records, layers, _ = series.layers.shape
    known, everywhere = layers_known(series), np.ones(records * layers, np.bool_)
    which = np.repeat(np.arange(records), layers)
    places = [_texts_of_scalar(series, name).take(which) for name in ("step", "epoch")]
    numbers = texts_of(np.tile(np.arange(1, layers + 1), records), everywhere, whole=True)
    statistics = [
        texts_of(series.layers[:, :, index].ravel().astype(np.float64), known[:, :, index].ravel())
        for index in range(len(LAYER_STATISTICS))
    ]
    return [*places, numbers, *statistics]


def _texts_of_scalar(series: Series, name: str) -> Any:
    index = SCALAR_INDEX[name]
    return texts_of(series.scalars[:, index], series.measured[:, index], name == "step")


def wide_parts(store: Store, run_ids: Sequence[int]) -> Iterator[str]:
    """Give the text of :func:`wide_csv` line by line; of each run one part is held at a time."""
    rows = [get_run(store, run_id) for run_id in run_ids]
    columns = [[name for name in SCALARS.names[1:] if _belongs(name, row.score_name)] for row in rows]
    yield _line(
        [
            "step",
            *(f"run_{row.id}.{name}" for row, names in zip(rows, columns, strict=True) for name in names),
        ]
    )
    streams = [_steps(store, row.id, names) for row, names in zip(rows, columns, strict=True)]
    heads = [next(stream, None) for stream in streams]
    blank = ["," * (len(names) - 1) for names in columns]
    while any(heads):
        step = min(head[0] for head in heads if head)
        cells = [
            head[1] if head and head[0] == step else empty for head, empty in zip(heads, blank, strict=True)
        ]
        yield f"{step},{','.join(cells)}\n"
        heads = [
            next(stream, None) if head and head[0] == step else head
            for head, stream in zip(heads, streams, strict=True)
        ]


def _belongs(name: str, score_name: str) -> bool:
    return not any(name.endswith(f"_{other}") for other in SCORES if other != score_name)


def _steps(store: Store, run_id: int, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    for part in read_parts(store, run_id, layers=False):
        lines = map(",".join, zip(*(_texts_of_scalar(part, name).to_pylist() for name in names), strict=True))
        yield from zip(part["step"].astype(np.int64).tolist(), lines, strict=True)


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
