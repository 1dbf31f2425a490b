"""Compare: choose runs, overlay their curves, see what differs."""

import streamlit as st

from engine.config import parse_config
from engine.config.presets import with_preset
from engine.figures.bands import format_run_ids
from ui.compare.curves import show_comparison
from ui.compare.tables import chosen_runs
from ui.shared.frame import page_store
from ui.shared.seeds import other_seeds_button
from ui.shared.transport import launch
from ui.shared.widgets import empty_page


def train_example() -> None:
    """Train the preset with vanishing gradients, with sigmoid and with ReLU layers."""
    configs = [parse_config(with_preset("vanishing", {"activation": name})) for name in ("sigmoid", "relu")]
    st.query_params["runs"] = ",".join(str(launch(store, config)) for config in configs)


store = page_store()
rows = chosen_runs(store)
st.caption(f"Comparing runs {format_run_ids([row.id for row in rows])}." if rows else "")
if rows:
    other_seeds_button(store, rows)
    show_comparison(store, rows)
elif "compare_listed" in st.session_state:
    st.info("Select the runs to compare in the table.", icon=":material/check_box:")
else:
    empty_page(
        "No runs yet",
        "Train two networks of ten layers, one with sigmoid and one with ReLU, and see which one learns.",
        "Train both",
        "compare_example",
        train_example,
    )
