"""The part of the form that chooses dataset and features."""

from typing import Any

import streamlit as st

from engine.config.data import TABLE
from engine.config.settings import SETTINGS, applies
from engine.nn.features import sign_of
from ui.shared.form_state import fit_batch
from ui.shared.text import as_markdown, format_target
from ui.shared.widgets import kept


def choose_data(values: dict[str, Any]) -> None:
    """Draw the choice of dataset and, for toys in the plane, of features; both go into ``values``."""
    values["dataset"] = st.pills(
        "Dataset",
        [name for name in SETTINGS["dataset"].choices if name != TABLE or "train_table" in st.session_state],
        required=True,
        help=SETTINGS["dataset"].help_text,
        on_change=fit_batch,
        **kept("train_dataset"),
    )
    if values["dataset"] == TABLE:
        values.update(st.session_state["train_table"])
        target = as_markdown(format_target(values["target"]))
        st.caption(f"Predicts {target}. Choose file, columns and split on the Data page.")
    features = SETTINGS["features"]
    if applies(features.explained, values):
        values["features"] = st.pills(
            "Features",
            features.choices,
            selection_mode="multi",
            format_func=sign_of,
            help=features.help_text,
            **kept("train_features"),
        )
