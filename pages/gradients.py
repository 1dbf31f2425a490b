"""Gradients: what happens in each layer of a run."""

import streamlit as st

from engine.config import parse_config
from ui.gradients.gradient_check import show_proof
from ui.gradients.view import second_run, show_gradients
from ui.live_chart import preload
from ui.shared.frame import page_store
from ui.shared.run_picker import chosen_run
from ui.shared.transport import launch

DEEP_SIGMOID = {
    "depth": 10,
    "width": 16,
    "activation": "sigmoid",
    "initializer": "xavier_uniform",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": "full",
    "epochs": 500,
}


def train_example() -> None:
    """Train the network whose gradients vanish: ten sigmoid layers."""
    st.query_params["run"] = str(launch(store, parse_config(DEEP_SIGMOID)))


store = page_store()
left, right = st.columns(2, gap="medium")
with left:
    row = chosen_run(store, "gradients")
if row is not None:
    with right:
        second = second_run(store, row)
    show_gradients([row, second] if second is not None else [row])
    show_proof(store, row)
elif "run" not in st.query_params:
    preload()
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("See a gradient vanish")
        st.write(
            "Ten layers of sigmoid units: on its way back each layer shrinks the gradient fourfold or more, "
            "until almost nothing reaches the input side. Press the button and look at it layer by layer."
        )
        st.button(
            "Train ten sigmoid layers",
            icon=":material/play_arrow:",
            type="primary",
            key="gradients_example",
            on_click=train_example,
        )
