"""Predictions of a trained run for the rows of a file."""

import hashlib
import io
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.codec import CodecError
from engine.config import ConfigError
from engine.config.data import TABLE
from engine.data.reading import read_table
from engine.store.datasets import predict_file
from engine.store.row import RunRow
from engine.store.runs import list_runs, load_dataset, load_run
from engine.store.store import Store, StoreError
from ui.shared.frame import page_store
from ui.shared.run_picker import LISTED_AT_MOST
from ui.shared.run_state import describe_run
from ui.shared.text import as_markdown
from ui.shared.widgets import kept

USABLE = ("finished", "stopped")
PREVIEW_ROWS, PREVIEW_HEIGHT = 100, 250
NAMED_COLUMNS = 12


def predict_rows(store: Store) -> None:
    """Draw the choice of a trained run and of a file, and the predictions as a table and a download."""
    rows = [row for row in list_runs(store, limit=LISTED_AT_MOST) if row.status in USABLE and row.step > 0]
    rows.sort(key=lambda row: row.config["dataset"] != TABLE)
    if not rows:
        st.info("No finished run yet. Train one first.", icon=":material/model_training:")
        return
    upload = st.file_uploader(
        "CSV file",
        key="data_predict_file",
        help="With the columns that the run below was trained on. Checked as strictly as a table to train "
        "on; other columns are ignored.",
    )
    if upload is not None:
        rows = _those_that_fit_first(store, rows, upload.getvalue())
    options = {row.id: row for row in rows}
    run_id = st.selectbox(
        "Run",
        list(options),
        format_func=lambda run: describe_run(options[run]) if run in options else str(run),
        help="The trained network that predicts; those that need columns of the file alone come first, then "
        "runs on your own tables.",
        **kept("data_predict_run"),
    )
    row = options[run_id]
    _show_columns(store, row)
    if upload is not None:
        _predict(store, row, upload.getvalue())


def _those_that_fit_first(store: Store, rows: Sequence[RunRow], content: bytes) -> list[RunRow]:
    """Return the runs, those first that need no column which the file lacks; a new file chooses the first."""
    names = _names_in(content)
    fitting = [row for row in rows if names.issuperset(_needed(store.url, row.dataset_id))]
    digest = hashlib.sha256(content).hexdigest()
    if fitting and st.session_state.get("data_predict_chosen_for") != digest:
        st.session_state["data_predict_run"] = fitting[0].id
    st.session_state["data_predict_chosen_for"] = digest
    return [*fitting, *(row for row in rows if row not in fitting)]


@st.cache_data(show_spinner=False, max_entries=4)
def _names_in(content: bytes) -> frozenset[str]:
    try:
        return frozenset(read_table(content).names)
    except ConfigError:
        return frozenset()


@st.cache_data(show_spinner=False, max_entries=500)
def _needed(url: str, dataset_id: str) -> tuple[str, ...]:
    """Return the columns that a network needs which was trained on stored data; its id is its content's."""
    try:
        encoding = load_dataset(page_store(), dataset_id).columns
    except CodecError:
        return ("",)
    return tuple(facts["name"] for facts in encoding["columns"])


def _show_columns(store: Store, row: RunRow) -> None:
    try:
        _, dataset = load_run(store, row.id)
    except (CodecError, ConfigError) as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return
    names = [facts["name"] for facts in dataset.columns["columns"]]
    more = f" and {len(names) - NAMED_COLUMNS:,} more" if len(names) > NAMED_COLUMNS else ""
    listed = ", ".join(as_markdown(name, 40) for name in names[:NAMED_COLUMNS])
    st.caption(f"Run {row.id} needs the columns {listed}{more}")


def _predict(store: Store, row: RunRow, content: bytes) -> None:
    try:
        with st.spinner("Predicting"):
            text, notes = predict_file(store, row.id, content)
    except (ConfigError, StoreError, CodecError) as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return
    st.caption("\n".join(f"- {as_markdown(note)}" for note in notes))
    st.dataframe(
        pd.read_csv(io.StringIO(text), nrows=PREVIEW_ROWS),
        hide_index=True,
        height=PREVIEW_HEIGHT,
        alt=f"first predictions of run {row.id}",
    )
    st.download_button(
        "Download predictions",
        text,
        file_name=f"predictions-run-{row.id}-{hashlib.sha256(content).hexdigest()[:8]}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="primary",
        key="data_predict_download",
        on_click="ignore",
        help="One line for each row: the prediction and, for classes, their probabilities.",
    )
