"""Compare: choose runs, overlay their curves, see what differs."""

import streamlit as st

from engine.config import parse_config
from engine.figures.bands import numbers_words
from ui.compare.curves import show_comparison
from ui.compare.tables import chosen_runs
from ui.shared.frame import page_store
from ui.shared.seeds import other_seeds_button
from ui.shared.transport import launch

DEEP = {
    "depth": 10,
    "width": 16,
    "initializer": "xavier_uniform",
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": "full",
    "epochs": 500,
}


def train_example() -> None:
    """Train the pair that shows vanishing gradients: ten sigmoid layers, ten ReLU layers, both Xavier."""
    configs = [parse_config({**DEEP, "activation": activation}) for activation in ("sigmoid", "relu")]
    runs = [launch(store, config) for config in configs]
    st.query_params["runs"] = ",".join(str(run) for run in runs)


store = page_store()
rows = chosen_runs(store)
st.caption(f"Comparing runs {numbers_words([row.id for row in rows])}." if rows else "")
if rows:
    other_seeds_button(store, rows)
    show_comparison(store, rows)
elif "compare_listed" in st.session_state:
    st.info("Tick the runs to compare in the table.", icon=":material/check_box:")
else:
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("No runs yet")
        st.write("Train two networks of ten layers, one sigmoid, one ReLU, and see which learns.")
        st.button(
            "Train the pair",
            icon=":material/play_arrow:",
            type="primary",
            key="compare_example",
            on_click=train_example,
        )
