"""Gradients: what happens in each layer of a run."""

import streamlit as st

from engine.config import parse_config
from engine.config.presets import preset_named
from ui.gradients.gradient_check import show_gradient_check
from ui.gradients.view import show_gradients
from ui.live_chart import preload
from ui.shared.frame import page_store
from ui.shared.run_picker import pick_run
from ui.shared.transport import launch
from ui.shared.widgets import empty_page


def train_example() -> None:
    """Train the preset whose gradients vanish."""
    st.query_params["run"] = str(launch(store, parse_config(preset_named("vanishing").settings)))


store = page_store()
left, right = st.columns(2, gap="medium")
with left:
    row = pick_run(store, "gradients_run")
if row is not None:
    with right:
        second = pick_run(
            store,
            "gradients_second",
            parameter="with",
            beside=row,
            placeholder="Compare with another run",
            explained="A second run, beside the first and on the same scales.",
        )
    show_gradients([row, second] if second is not None else [row])
    show_gradient_check(store, row)
elif "run" not in st.query_params:
    preload()
    empty_page(
        "See a gradient vanish",
        "Ten sigmoid layers: on the way back each layer shrinks the gradient to a quarter or less, until "
        "almost nothing reaches the first layer. Train them and look layer by layer.",
        "Train ten sigmoid layers",
        "gradients_example",
        train_example,
    )
