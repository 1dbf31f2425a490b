"""The part of the form that chooses dataset and features."""

from typing import Any

import streamlit as st

from engine.config.data import BUNDLED_ROWS, TABLE
from engine.config.settings import SETTINGS, applies
from engine.nn.features import sign_of
from ui.shared.text import as_markdown, target_words


def choose_data(values: dict[str, Any]) -> None:
    """Draw the choice of the dataset and, for a toy in the plane, of features; both go into ``values``."""
    values["dataset"] = st.pills(
        "Dataset",
        [name for name in SETTINGS["dataset"].choices if name != TABLE or "train_table" in st.session_state],
        required=True,
        key="train_dataset",
        help=SETTINGS["dataset"].help_text,
        on_change=fit_the_batch,
        persist_state="session",
    )
    if values["dataset"] == TABLE:
        values.update(st.session_state["train_table"])
        target = as_markdown(target_words(values["target"]))
        st.caption(f"Learns to predict {target}; file, columns and split are chosen on the Data page.")
    features = SETTINGS["features"]
    if applies(features.explained, values):
        values["features"] = st.pills(
            "Features",
            features.choices,
            selection_mode="multi",
            key="train_features",
            format_func=sign_of,
            help=features.help_text,
            persist_state="session",
        )


def fit_the_batch() -> None:
    """Take the whole of a table that has fewer rows than a batch."""
    rows = BUNDLED_ROWS.get(st.session_state["train_dataset"])
    size = st.session_state.get("train_batch_size", "full")
    if rows is not None and size.isdigit() and int(size) > rows / 2:
        st.session_state["train_batch_size"] = "full"
