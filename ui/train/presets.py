"""The list of presets above the form."""

import streamlit as st

from engine.config import parse_config
from engine.config.presets import PRESETS
from ui.shared.text import as_markdown
from ui.train.form import fill_form


def choose_preset() -> None:
    """Draw the list, and what to watch of the one that was chosen last."""
    st.selectbox(
        "Presets",
        list(PRESETS),
        index=None,
        key="train_preset",
        placeholder="Begin with a lesson",
        format_func=lambda name: PRESETS[name].title,
        on_change=_fill,
        help="Each fills the form with settings that show one thing. Press Start, then watch.",
        persist_state="session",
    )
    chosen = st.session_state.get("train_preset")
    if chosen in PRESETS:
        st.caption(as_markdown(PRESETS[chosen].watch))


def _fill() -> None:
    chosen = st.session_state.get("train_preset")
    if chosen in PRESETS:
        fill_form(parse_config(PRESETS[chosen].settings).model_dump())
        st.session_state.pop("train_twin_of", None)
