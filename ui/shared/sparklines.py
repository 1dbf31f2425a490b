"""Validation losses of runs as sparklines in a table."""

from typing import Any

import streamlit as st

from engine.store.query import sparklines
from engine.store.row import RunRow
from engine.store.store import Store


def spark_column() -> Any:
    """Return the column that holds sparklines."""
    return st.column_config.LineChartColumn(
        "curve",
        width=110,
        help="Validation loss from the first to the last evaluation; each row has its own scale.",
    )


def sparks(store: Store, rows: list[RunRow]) -> dict[int, list[float]]:
    """Return the validation losses of runs as a few points each; what was read once is kept."""
    kept: dict[int, tuple[int, list[float]]] = st.session_state.setdefault("runs_sparks", {})
    stale = [row.id for row in rows if kept.get(row.id, (-1, []))[0] != row.step]
    steps = {row.id: row.step for row in rows}
    for run_id, values in sparklines(store, stale).items():
        kept[run_id] = (steps[run_id], values)
    return {row.id: kept[row.id][1] for row in rows}
