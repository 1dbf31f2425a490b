"""Compare: choose runs, overlay their curves, see what differs."""

import streamlit as st

from engine.config import parse_config
from engine.config.presets import with_preset
from ui.compare.curves import show_comparison
from ui.compare.picker import chosen_runs, run_table
from ui.shared.frame import page_store
from ui.shared.transport import launch
from ui.shared.widgets import empty_page


def train_example() -> None:
    """Train the preset with vanishing gradients, with sigmoid and with ReLU layers."""
    configs = [parse_config(with_preset("vanishing", {"activation": name})) for name in ("sigmoid", "relu")]
    st.query_params["runs"] = ",".join(str(launch(store, config)) for config in configs)


store = page_store()
rows, listed = chosen_runs(store)
if rows:
    show_comparison(store, rows, listed)
elif listed:
    st.info("Select the runs to compare in the table.", icon=":material/check_box:")
    run_table(store, listed, [])
else:
    empty_page(
        "No runs yet",
        "Train two networks of ten layers, one with sigmoid and one with ReLU, and see which one learns.",
        "Train both",
        "compare_example",
        train_example,
    )
