"""The table of results: the latest and the best of what was measured of each run, and its cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.analysis.ranking import last_finite
from engine.store.row import RunRow
from ui.shared.run_state import state_of
from ui.shared.text import dot, visible

COST = ("steps", "seconds", "parameters")
NOT_MEASURED = ("", "run", "name", "state")


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
    latest = ("train_loss", "val_loss", "generalization_gap", f"val_{row.score_name}")
    # What a diverged run had at its end is no number: its last finite ones may be of any step before.
    ends = {
        name: None if row.status == "diverged" else last_finite(frame[name].to_numpy()) for name in latest
    }
    best_loss, best_epoch = _best(frame, "val_loss", np.nanargmin)
    best_score, _ = _best(frame, f"val_{row.score_name}", np.nanargmax)
    return {
        "": "",
        "run": row.id,
        "name": visible(row.name),
        "state": state_of(row),
        "training loss": ends["train_loss"],
        "validation loss": ends["val_loss"],
        "best validation loss": best_loss,
        "at epoch": best_epoch,
        "gap": ends["generalization_gap"],
        "validation score": ends[f"val_{row.score_name}"],
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
