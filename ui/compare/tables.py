"""Tables of several runs: the choice, the settings that differ, the final results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.store.row import RunRow
from engine.store.runs import list_runs, load_run
from engine.store.store import Store
from ui.runs.table import spark_column, sparks
from ui.shared.run_picker import LISTED_AT_MOST, asked_runs, state_of
from ui.shared.text import as_markdown, dot, layers_text, visible, when

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
    if "runs" in st.query_params:
        asked, sentences = asked_runs(store, "runs")
    else:
        asked, sentences = rows[:CHOSEN_AT_FIRST][::-1], []
    for sentence in sentences[:3]:
        st.warning(as_markdown(sentence), icon=":material/search_off:")
    listed = {row.id: row for row in [*rows, *asked]}
    if listed:
        _run_table(store, list(listed.values()), [row.id for row in asked])
    return asked


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
            "lowest": st.column_config.NumberColumn("lowest validation loss", format="%.4g"),
            "score": st.column_config.NumberColumn(
                "validation score", format="%.4g", help="Accuracy (a fraction), or R² for regression."
            ),
            "learning rate": st.column_config.NumberColumn(format="%g"),
        },
        alt="table of all runs; tick the runs to compare",
    )


def _table_row(row: RunRow, curve: list[float]) -> dict[str, Any]:
    config = row.config if row.has_settings else UNKNOWN
    return {
        "run": row.id,
        "name": visible(row.name),
        "state": state_of(row),
        "curve": curve,
        "data": config["dataset"],
        "layers": layers_text(config["hidden_sizes"]) if row.has_settings else "–",
        "activation": config["activation"],
        "optimizer": config["optimizer"],
        "learning rate": config["learning_rate"],
        "dropout": _setting_text(config["dropout"]),
        "epoch": row.epoch,
        "validation loss": row.val_loss,
        "lowest": row.best_val_loss,
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
        st.caption(
            f"The settings of run {', '.join(map(str, unknown))} are not known: only curves were imported."
        )
    if not rows:
        return
    configs = {
        row.id: row.config if row.missing_plugin else load_run(store, row.id)[0].model_dump() for row in rows
    }
    table = pd.DataFrame({f"run {run}": config for run, config in configs.items()}).map(_setting_text)
    differs = table.nunique(axis=1) > 1
    names = [name.replace("_", " ") for name in table.index[differs]]
    with st.expander(_difference_words(names) if len(rows) > 1 else "Settings", icon=":material/difference:"):
        everything = st.toggle("All settings", key="compare_all_settings", help="Show what is equal, too.")
        is_whole = everything or len(rows) == 1
        shown = pd.concat([table[differs], table[~differs]]) if is_whole else table[differs]
        if len(shown):
            st.dataframe(
                shown.rename_axis("setting").reset_index(),
                hide_index=True,
                height="content" if len(shown) <= LINES_AT_MOST else 35 * (LINES_AT_MOST + 1),
            )


def _difference_words(names: Sequence[str]) -> str:
    count = "One setting differs" if len(names) == 1 else f"{len(names) or 'No'} settings differ"
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    return f"{count}{': ' if names else ''}{', '.join(names[:NAMED_AT_MOST])}{more}"


def _setting_text(value: Any) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, (list, tuple)):
        is_of_names = any(isinstance(entry, str) for entry in value)
        return ", ".join(value) if is_of_names else layers_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def measure_table(
    measures: Sequence[dict[str, Any]],
    scores: dict[int, dict[str, float | None]],
    colours: dict[int, str],
    baseline: int | None = None,
) -> pd.DataFrame:
    """Return for each run the last and the best of its losses and scores, and what it cost.

    With a baseline the other runs are told by their difference from it.

    Parameters
    ----------
    measures : sequence of dict
        From :func:`measures_of`.
    scores : dict
        By run more columns, asked for by people; the same for all runs.
    colours : dict
        By run, as in the picture above.
    """
    table = pd.DataFrame([_with_scores(each, scores.get(each["run"], {})) for each in measures])
    if baseline is not None:
        _subtract(table, baseline)
    table[""] = [dot(colours[run]) for run in table["run"]]
    return table


def show_measures(table: pd.DataFrame, baseline: int | None = None) -> None:
    """Show what :func:`measure_table` returned."""
    if baseline is not None:
        st.caption(f"Run {baseline} as it is; the others by their difference from it.")
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


def measures_of(row: RunRow, frame: pd.DataFrame) -> dict[str, Any]:
    """Return what the table tells of one run, by column."""
    best_loss, best_epoch = _best(frame, "val_loss", np.nanargmin)
    best_score, _ = _best(frame, f"val_{row.score_name}", np.nanargmax)
    return {
        "": "",
        "run": row.id,
        "name": visible(row.name),
        "state": state_of(row),
        "training loss": _last(frame, "train_loss"),
        "validation loss": _last(frame, "val_loss"),
        "lowest validation loss": best_loss,
        "at epoch": best_epoch,
        "gap": _last(frame, "generalization_gap"),
        "validation score": _last(frame, f"val_{row.score_name}"),
        "best score": best_score,
        "steps": row.step,
        "seconds": row.seconds,
        "parameters": row.parameters,
    }


def _with_scores(measures: dict[str, Any], scores: dict[str, float | None]) -> dict[str, Any]:
    """Return one run's measures with more scores where they belong, before what it cost."""
    found = {name: np.nan if value is None else value for name, value in scores.items()}
    cost = {name: measures[name] for name in COST}
    return {name: value for name, value in measures.items() if name not in COST} | found | cost


def _last(frame: pd.DataFrame, column: str) -> float | None:
    values = frame[column].to_numpy()
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None


def _best(frame: pd.DataFrame, column: str, place: Any) -> tuple[float | None, float | None]:
    values = frame[column].to_numpy()
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return None, None
    best = known[place(values[known])]
    return float(values[best]), float(frame["epoch"].to_numpy()[best])
