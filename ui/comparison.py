"""Runs side by side: chosen in a table, drawn over each other, their differences and CSV; must not train."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.figures.curves import compare_runs
from engine.runs.catalog import RunRow, get_run, list_runs
from engine.runs.export import layers_csv, metrics_csv, metrics_frame
from engine.runs.store import Store
from engine.training.telemetry import SCALARS
from ui.live_chart import repeat_chart, send_whole, show_chart
from ui.runs import is_moving, run_words, state_of
from ui.shell import open_page
from ui.text import number, visible

CHART = "compare_chart"
LISTED_AT_MOST = 200
METRICS = [column.name for column in SCALARS if column.name not in ("step", "epoch", "seconds")]
PAIRS = {"loss": ["train_loss", "val_loss"], "accuracy": ["train_accuracy", "val_accuracy"]}


def choose_runs(store: Store, asked: Sequence[RunRow]) -> list[RunRow]:
    """Draw the picker of runs and return the chosen ones; their ids stand in the address."""
    rows = list_runs(store, limit=LISTED_AT_MOST)
    options = {row.id: row for row in [*rows, *asked]}
    if not options:
        with st.container(border=True, horizontal_alignment="center"):
            st.subheader("Nothing to compare yet")
            st.write("Train two runs with one setting changed, then see them side by side here.")
            st.page_link("pages/train.py", label="Train a run", icon=":material/play_arrow:")
        return []
    initial = list(asked) if "runs" in st.query_params else rows[:2]
    st.session_state["compare_runs"] = [row.id for row in initial]
    picked = st.multiselect(
        "Runs",
        sorted(options, reverse=True),
        key="compare_runs",
        format_func=lambda run_id: run_words(options[run_id]) if run_id in options else str(run_id),
        on_change=_go_to_picked_runs,
        placeholder="Choose runs",
        help="The runs that are compared; their numbers stand in the address.",
    )
    return [options[run_id] for run_id in sorted(picked)]


def _go_to_picked_runs() -> None:
    st.query_params["runs"] = ",".join(str(run_id) for run_id in sorted(st.session_state["compare_runs"]))


def show_curves(run_ids: Sequence[int], pace: float | None) -> None:
    """Draw one metric of the runs over each other, anew while any of them moves."""
    store = open_page()
    rows = [get_run(store, run_id) for run_id in run_ids]
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    metric = left.selectbox(
        "Metric", [*PAIRS, *METRICS], key="compare_metric", help="What is drawn; losses come as a pair."
    )
    x = middle.segmented_control(
        "Over",
        ("step", "epoch", "seconds"),
        default="step",
        key="compare_x",
        help="What the curves run over: optimizer steps, epochs, or seconds of training.",
    )
    log_y = right.toggle("Log scale", key="compare_log", help="Logarithmic axis: shows what is near zero.")
    state = [list(run_ids), [row.step for row in rows], [row.status for row in rows], metric, x, log_y]
    if st.session_state.get("compare_drawn") == state:
        repeat_chart(CHART)
    else:
        st.session_state["compare_drawn"] = state
        send_whole(CHART)
        frame = metrics_frame(store, list(run_ids))
        columns = PAIRS.get(metric, [metric])
        figure = compare_runs(frame, columns, x=x or "step", log_y=log_y, height=420)
        identity = f"{list(run_ids)} {metric} {x} {log_y}"
        show_chart(CHART, figure, identity=identity, title=f"{metric} of runs {', '.join(map(str, run_ids))}")
    st.caption(_best_sentence(rows))
    if pace is not None and not is_moving(rows):
        st.rerun()


def _best_sentence(rows: Sequence[RunRow]) -> str:
    known = [row for row in rows if row.val_loss is not None and row.val_loss == row.val_loss]
    if not known:
        return "No run has been evaluated yet."
    best = min(known, key=lambda row: row.val_loss or 0.0)
    return f"Solid is training, dashed is validation. Lowest validation loss now: run {best.id}, " + (
        f"{number(best.val_loss)}."
    )


def show_numbers(rows: Sequence[RunRow]) -> None:
    """Show last and best figures of the runs as a table."""
    st.subheader("Figures", anchor=False)
    table = pd.DataFrame(
        [
            {
                "run": row.id,
                "name": visible(row.name),
                "status": state_of(row),
                "train loss": row.train_loss,
                "val loss": row.val_loss,
                "best val loss": row.best_val_loss,
                "at step": row.best_step,
                "gap": _difference(row.val_loss, row.train_loss),
                f"val {row.score_name}": row.val_score,
                "steps": row.step,
                "parameters": row.parameters,
                "seconds": row.seconds,
            }
            for row in rows
        ]
    )
    st.dataframe(table, hide_index=True, width="stretch")


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def differing_settings(rows: Sequence[RunRow]) -> pd.DataFrame:
    """Return one line for each setting in which the runs differ, one column a run."""
    names = [name for name in rows[0].config if len({str(row.config.get(name)) for row in rows}) > 1]
    columns = {f"run {row.id}": [_shown(row.config.get(name)) for name in names] for row in rows}
    return pd.DataFrame({"setting": names, **columns})


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "auto" if value is None else str(value)


def show_differences(rows: Sequence[RunRow]) -> None:
    """Show the settings in which the runs differ; all others are the same."""
    st.subheader("Settings that differ", anchor=False)
    table = differing_settings(rows)
    if table.empty:
        same = "Only one run is chosen." if len(rows) == 1 else "These runs have the same settings."
        st.caption(same)
        return
    st.dataframe(table, hide_index=True, width="stretch")
    st.caption(f"{len(rows[0].config) - len(table)} other settings are the same in all chosen runs.")


def show_downloads(store: Store, rows: Sequence[RunRow]) -> None:
    """Offer the records of the runs as CSV, written by what the command line's export uses."""
    ids = [row.id for row in rows]
    suffix = "-".join(str(run_id) for run_id in ids[:10])
    with st.container(horizontal=True):
        st.download_button(
            "Metrics CSV",
            data=lambda: metrics_csv(store, ids),
            file_name=f"runs-{suffix}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="compare_csv",
            on_click="ignore",
            help="Every record of the chosen runs, one row a record, as the store holds it.",
        )
        st.download_button(
            "Layers CSV",
            data=lambda: layers_csv(store, ids),
            file_name=f"layers-{suffix}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="compare_layers_csv",
            on_click="ignore",
            help="Statistics of every layer at every record, one row a record and layer.",
        )
