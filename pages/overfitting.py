"""Overfitting: when a run began to overfit."""

import streamlit as st

from engine.config import parse_config
from ui.live_chart import preload
from ui.overfitting.view import show_overfitting
from ui.shared.frame import page_store
from ui.shared.run_picker import chosen_run
from ui.shared.transport import launch

LEARNED_BY_HEART = {"samples": 200, "noise": 0.4, "hidden_sizes": [64, 64], "activation": "relu"}


def train_example() -> None:
    """Train a network that is too large for 200 noisy rows."""
    st.query_params["run"] = str(launch(store, parse_config(LEARNED_BY_HEART)))


store = page_store()
row = chosen_run(store, "overfitting")
if row is not None:
    show_overfitting(row)
elif "run" not in st.query_params:
    preload()
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("Watch a network learn by heart")
        st.write(
            "Two layers of 64 units and only 200 noisy rows: training loss falls to nothing, validation loss "
            "turns and rises. Press the button and see when that began and what stopping earlier had given."
        )
        st.button(
            "Train on 200 noisy rows",
            icon=":material/play_arrow:",
            type="primary",
            key="overfitting_example",
            on_click=train_example,
        )
