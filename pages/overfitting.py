"""Overfitting: when a run began to overfit, and what would have helped."""

import streamlit as st

from engine.config import parse_config
from engine.config.presets import preset_named
from ui.live_chart import preload
from ui.overfitting.view import show_overfitting
from ui.shared.frame import page_store
from ui.shared.run_picker import pick_run
from ui.shared.transport import launch
from ui.shared.widgets import empty_page


def train_example() -> None:
    """Train the preset that overfits: a large network on 200 noisy rows."""
    st.query_params["run"] = str(launch(store, parse_config(preset_named("overfit").settings)))


store = page_store()
row = pick_run(store, "overfitting_run")
if row is not None:
    show_overfitting(row)
elif "run" not in st.query_params:
    preload()
    empty_page(
        "Watch a network overfit",
        "Two layers of 64 units and only 200 noisy rows: training loss keeps falling while validation "
        "loss turns and rises. Train it, then see when overfitting began and what stopping earlier would "
        "have given.",
        "Train on 200 noisy rows",
        "overfitting_example",
        train_example,
    )
