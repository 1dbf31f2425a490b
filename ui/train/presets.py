"""The list of presets above the form."""

import streamlit as st

from engine.config import RunConfig, parse_config
from engine.config.presets import PRESETS
from ui.shared.form_state import COPIED_FROM, fill_form, form_holds
from ui.shared.text import as_markdown
from ui.shared.widgets import kept

# What an example shows is the same with another one of these.
FREE = ("name", "seed")


def choose_preset() -> None:
    """Draw the list, and what to watch of the one that was chosen last."""
    chosen = st.session_state.get("train_preset")
    if chosen in PRESETS and not form_holds(parse_config(PRESETS[chosen].settings).model_dump(), FREE):
        # The form is another one by now: nothing is said of it, and the example can be chosen again.
        st.session_state["train_preset"] = None
    st.selectbox(
        "Preset",
        list(PRESETS),
        index=None,
        placeholder="Start from an example",
        format_func=lambda name: PRESETS[name].title,
        on_change=_fill,
        help="Fills the form with settings that show one effect. Press Start and watch.",
        **kept("train_preset"),
    )
    chosen = st.session_state.get("train_preset")
    if chosen in PRESETS:
        st.caption(as_markdown(PRESETS[chosen].watch))


def take_preset(name: str) -> RunConfig:
    """Put the settings of a preset into the form and return them."""
    config = parse_config(PRESETS[name].settings)
    fill_form(config.model_dump())
    st.session_state["train_preset"] = name
    st.session_state.pop(COPIED_FROM, None)
    return config


def _fill() -> None:
    chosen = st.session_state.get("train_preset")
    if chosen in PRESETS:
        take_preset(chosen)
