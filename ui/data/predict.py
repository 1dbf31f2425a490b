"""Predictions of a trained run for the rows of a file."""

import hashlib
import io

import pandas as pd
import streamlit as st

from engine.codec import CodecError
from engine.config import ConfigError
from engine.config.data import TABLE
from engine.store.datasets import predict_file
from engine.store.row import RunRow
from engine.store.runs import list_runs, load_run
from engine.store.store import Store, StoreError
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
    options = {row.id: row for row in rows}
    run_id = st.selectbox(
        "Run",
        list(options),
        format_func=lambda run: describe_run(options[run]) if run in options else str(run),
        help="The trained network that predicts; runs on your own tables come first.",
        **kept("data_predict_run"),
    )
    row = options[run_id]
    _show_columns(store, row)
    upload = st.file_uploader(
        "CSV file with these columns",
        key="data_predict_file",
        help="Checked as strictly as a table to train on. Other columns are ignored.",
    )
    if upload is not None:
        _predict(store, row, upload.getvalue())


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
