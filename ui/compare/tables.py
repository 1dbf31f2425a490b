"""Tables of several runs: the choice, the settings that differ, the final results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.analysis.ranking import last_finite
from engine.config.twins import decided_settings
from engine.store.row import RunRow
from engine.store.runs import list_runs, load_run
from engine.store.store import Store
from ui.shared.run_picker import LISTED_AT_MOST, runs_in_address
from ui.shared.run_state import state_of
from ui.shared.sparklines import spark_column, sparks
from ui.shared.text import dot, format_layers, format_names, format_setting, visible, when

CHOSEN_AT_FIRST = 2
UNKNOWN = {
    **dict.fromkeys(("dataset", "activation", "optimizer", "dropout"), "–"),
    "learning_rate": None,
}
NAMED_AT_MOST, LINES_AT_MOST = 8, 25
COST = ("steps", "seconds", "parameters")
NOT_MEASURED = ("", "run", "name", "state")


def chosen_runs(store: Store) -> list[RunRow]:
    """Draw the table of runs and return those that are chosen: named by the address, or the newest two."""
    rows = list_runs(store, limit=LISTED_AT_MOST)
    newest = rows[:CHOSEN_AT_FIRST][::-1]
    chosen = runs_in_address(store, "runs") if "runs" in st.query_params else newest
    listed = {row.id: row for row in [*rows, *chosen]}
    if listed:
        _run_table(store, list(listed.values()), [row.id for row in chosen])
    return chosen


def _run_table(store: Store, rows: list[RunRow], chosen: list[int]) -> None:
    ids = [row.id for row in rows]
    st.session_state["compare_listed"] = ids
    st.session_state["compare_table"] = {"selection": {"rows": [ids.index(run) for run in chosen]}}
    lines = sparks(store, rows)
    st.dataframe(
        pd.DataFrame([_table_row(row, lines[row.id]) for row in rows]),
        hide_index=True,
        height=min(35 * (len(rows) + 1) + 3, 283),
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
    st.query_params["runs"] = ",".join(str(ids[place]) for place in picked if place < len(ids))


def show_differences(store: Store, rows: Sequence[RunRow]) -> None:
    """Show the settings of the runs as they were used, those that differ first and alone unless asked."""
    unknown = [row.id for row in rows if not row.has_settings]
    rows = [row for row in rows if row.has_settings]
    if unknown:
        st.caption(f"Unknown settings of run {', '.join(map(str, unknown))}: only its curves were imported.")
    if not rows:
        return
    configs = {
        row.id: row.config if row.missing_plugin else decided_settings(load_run(store, row.id)[0])
        for row in rows
    }
    table = pd.DataFrame({f"run {run}": config for run, config in configs.items()}).map(format_setting)
    differs = table.nunique(axis=1) > 1
    names = [name.replace("_", " ") for name in table.index[differs]]
    with st.expander(
        _describe_differences(names) if len(rows) > 1 else "Settings", icon=":material/difference:"
    ):
        everything = st.toggle(
            "All settings", key="compare_all_settings", help="Also show settings that are equal."
        )
        is_whole = everything or len(rows) == 1
        shown = pd.concat([table[differs], table[~differs]]) if is_whole else table[differs]
        if len(shown):
            st.dataframe(
                shown.rename_axis("setting").reset_index(),
                hide_index=True,
                height="content" if len(shown) <= LINES_AT_MOST else 35 * (LINES_AT_MOST + 1),
            )


def _describe_differences(names: Sequence[str]) -> str:
    count = "One setting differs" if len(names) == 1 else f"{len(names) or 'No'} settings differ"
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    return f"{count}{': ' if names else ''}{', '.join(names[:NAMED_AT_MOST])}{more}"


def results_table(
    results: Sequence[dict[str, Any]],
    scores: dict[int, dict[str, float | None]],
    colours: dict[int, str],
    baseline: int | None = None,
) -> pd.DataFrame:
    """Return for each run the latest and the best of its losses and scores, and its cost.

    With a baseline the other runs are shown as their difference from it.

    Parameters
    ----------
    results : sequence of dict
        From :func:`results_of`.
    scores : dict
        By run further columns; the same for all runs.
    colours : dict
        By run, as in the chart.
    """
    table = pd.DataFrame([_with_scores(each, scores.get(each["run"], {})) for each in results])
    if baseline is not None:
        _subtract(table, baseline)
    table[""] = [dot(colours[run]) for run in table["run"]]
    return table


def show_results(table: pd.DataFrame, baseline: int | None = None) -> None:
    """Show what :func:`results_table` returned."""
    if baseline is not None:
        st.caption(f"Run {baseline} as it is, the others as their difference from it.")
    shapes = {
        name: st.column_config.NumberColumn(format="%.4g" if baseline is None else "%+.4g")
        for name in table.columns
        if name not in NOT_MEASURED
    }
    shapes[""] = st.column_config.ImageColumn(width=32)
    st.dataframe(table, hide_index=True, column_config=shapes, placeholder="–")


def _subtract(table: pd.DataFrame, baseline: int) -> None:
    numbers = [name for name in table.columns if name not in NOT_MEASURED]
    table[numbers] = table[numbers].astype(float)
    is_base = table["run"] == baseline
    table.loc[~is_base, numbers] -= table.loc[is_base, numbers].iloc[0]


def results_of(row: RunRow, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of the table for one run."""
    best_loss, best_epoch = _best(frame, "val_loss", np.nanargmin)
    best_score, _ = _best(frame, f"val_{row.score_name}", np.nanargmax)
    return {
        "": "",
        "run": row.id,
        "name": visible(row.name),
        "state": state_of(row),
        "training loss": last_finite(frame["train_loss"].to_numpy()),
        "validation loss": last_finite(frame["val_loss"].to_numpy()),
        "best validation loss": best_loss,
        "at epoch": best_epoch,
        "gap": last_finite(frame["generalization_gap"].to_numpy()),
        "validation score": last_finite(frame[f"val_{row.score_name}"].to_numpy()),
        "best score": best_score,
        "steps": row.step,
        "seconds": row.seconds,
        "parameters": row.parameters,
    }


def _with_scores(results: dict[str, Any], scores: dict[str, float | None]) -> dict[str, Any]:
    """Return one run's results with more scores in their place, before its cost."""
    found = {name: np.nan if value is None else value for name, value in scores.items()}
    cost = {name: results[name] for name in COST}
    return {name: value for name, value in results.items() if name not in COST} | found | cost


def _best(frame: pd.DataFrame, column: str, place: Any) -> tuple[float | None, float | None]:
    values = frame[column].to_numpy()
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return None, None
    best = known[place(values[known])]
    return float(values[best]), float(frame["epoch"].to_numpy()[best])
