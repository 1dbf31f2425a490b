"""The door that leads through a failure: a network that cannot learn, one that can, both side by side."""

import streamlit as st

from engine.store.row import RunRow
from engine.store.store import Store
from ui.train.edits import ask_whole_page, start
from ui.train.presets import take_preset

FAILS, CURE = "vanishing", "cured"
FAILED, MENDED = "train_failed_run", "train_mended_run"


def start_failing(store: Store) -> None:
    """Train the network that fails; when it has ended, its page offers the one that does not."""
    _start(store, FAILS, FAILED)


def mend_button(store: Store, row: RunRow) -> None:
    """Draw what comes next on the way through the door; nothing beside any other run."""
    failed, mended = st.session_state.get(FAILED), st.session_state.get(MENDED)
    if row.id == failed and row.ended:
        st.button(
            "Mend it",
            icon=":material/healing:",
            key="train_mend",
            on_click=_start,
            args=(store, CURE, MENDED),
            help="Trains the same network with ReLU in place of sigmoid: the gradient reaches layer 1.",
        )
    elif row.id == mended and row.ended and _compare_button():
        st.switch_page("pages/compare.py", query_params={"runs": f"{failed},{mended}"})


def _compare_button() -> bool:
    return st.button(
        "Compare both",
        icon=":material/stacked_line_chart:",
        key="train_compare_mended",
        help="Shows the run that failed and this one on one chart.",
    )


def _start(store: Store, preset: str, key: str) -> None:
    start(store, take_preset(preset))
    st.session_state[key] = int(st.query_params.get("run", "0"))
    ask_whole_page()
