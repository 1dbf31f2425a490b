"""The choice of the runs that are compared: a table of all, folded away, with the chosen ones first."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.store.row import RunRow
from engine.store.runs import list_runs
from engine.store.store import Store
from ui.shared.run_picker import LISTED_AT_MOST, runs_in_address
from ui.shared.run_state import state_of
from ui.shared.sparklines import spark_column, sparks
from ui.shared.text import format_layers, format_names, format_setting, visible, when

CHOSEN_AT_FIRST = 2
TABLE_HEIGHT = 388
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("dataset", "activation", "optimizer", "dropout"), "–"),
    "learning_rate": None,
}


def chosen_runs(store: Store) -> tuple[list[RunRow], list[RunRow]]:
    """Return the runs that are chosen, named by the address or the newest two, and all that can be."""
    rows = list_runs(store, limit=LISTED_AT_MOST)
    newest = rows[:CHOSEN_AT_FIRST][::-1]
    chosen = runs_in_address(store, "runs") if "runs" in st.query_params else newest
    return chosen, list({row.id: row for row in [*rows, *chosen]}.values())


def run_table(store: Store, rows: Sequence[RunRow], chosen: Sequence[int]) -> None:
    """Draw the table of runs, those that are chosen first; ticking a row names it in the address.

    While rows are ticked one after the other, none of them moves.
    """
    by_id = {row.id: row for row in rows}
    ids = [*chosen, *(run for run in by_id if run not in set(chosen))]
    if st.session_state.pop("compare_ticked", False):
        before = [run for run in st.session_state.get("compare_listed", []) if run in by_id]
        ids = [*before, *(run for run in ids if run not in set(before))]
    st.session_state["compare_listed"] = ids
    st.session_state["compare_table"] = {"selection": {"rows": [ids.index(run) for run in chosen]}}
    listed = [by_id[run] for run in ids]
    lines = sparks(store, listed)
    st.dataframe(
        pd.DataFrame([_table_row(row, lines[row.id]) for row in listed]),
        hide_index=True,
        width="content",
        height=min(35 * (len(listed) + 1) + 3, TABLE_HEIGHT),
        on_select=_name_chosen_in_address,
        selection_mode="multi-row",
        key="compare_table",
        column_config={
            "run": st.column_config.NumberColumn("run", width="small", format="%d"),
            "curve": spark_column(),
            "validation loss": st.column_config.NumberColumn(format="%.4g"),
            "best": st.column_config.NumberColumn("best validation loss", format="%.4g"),
            "score": st.column_config.NumberColumn(
                "validation score", format="%.4g", help="Accuracy (a fraction), or R² for regression."
            ),
            "learning rate": st.column_config.NumberColumn(format="%g"),
        },
        alt="table of all runs; select the runs to compare",
    )


def _table_row(row: RunRow, curve: list[float]) -> dict[str, Any]:
    config = row.config if row.has_settings else UNKNOWN
    return {
        "run": row.id,
        "name": visible(row.name),
        "state": state_of(row),
        "curve": curve,
        "data": config["dataset"],
        "layers": format_layers(config["hidden_sizes"]) if row.has_settings else "–",
        "activation": format_names(config["activation"]),
        "optimizer": config["optimizer"],
        "learning rate": config["learning_rate"],
        "dropout": format_setting(config["dropout"]),
        "epoch": row.epoch,
        "validation loss": row.val_loss,
        "best": row.best_val_loss,
        "score": row.val_score,
        "started": when(row.created_at),
    }


def _name_chosen_in_address() -> None:
    ids = st.session_state["compare_listed"]
    picked = st.session_state["compare_table"]["selection"]["rows"]
    st.session_state["compare_ticked"] = True
    st.query_params["runs"] = ",".join(str(ids[place]) for place in picked if place < len(ids))
