"""The part of the form that chooses dataset and features."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config.data import TABLE
from engine.config.settings import SETTINGS
from engine.nn.features import sign_of
from ui.shared.form_state import change_data, kept_settings
from ui.shared.text import as_markdown, format_setting, format_target
from ui.shared.widgets import kept

# How wide a choice is beside its picture.
BESIDE_A_PICTURE = (5, 3)
KEPT_NAMED = 4


def choose_data(values: dict[str, Any]) -> DeltaGenerator:
    """Draw the choice of dataset, which goes into ``values``; return where its picture goes."""
    left, right = st.columns(BESIDE_A_PICTURE, gap="small", vertical_alignment="bottom")
    values["dataset"] = left.selectbox(
        "Dataset",
        [name for name in SETTINGS["dataset"].choices if name != TABLE or "train_table" in st.session_state],
        help=SETTINGS["dataset"].help_text,
        on_change=change_data,
        **kept("train_dataset"),
    )
    if values["dataset"] == TABLE:
        values.update(st.session_state["train_table"])
        target = as_markdown(format_target(values["target"]))
        st.caption(f"Predicts {target}. Choose file, columns and split on the Data page.")
    picture = right.container(key="train_dataset_picture")
    if kept_from_before := kept_settings():
        named = [
            f"{name.replace('_', ' ')} {format_setting(value)}" for name, value in kept_from_before.items()
        ]
        more = f" and {len(named) - KEPT_NAMED} more" if len(named) > KEPT_NAMED else ""
        st.caption(as_markdown(f"Kept from the data before: {', '.join(named[:KEPT_NAMED])}{more}."))
    return picture


def choose_features() -> None:
    """Draw the choice of features of a toy in the plane."""
    features = SETTINGS["features"]
    st.pills(
        "Features",
        features.choices,
        selection_mode="multi",
        format_func=sign_of,
        help=features.help_text,
        **kept("train_features"),
    )
