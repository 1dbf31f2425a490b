"""The choice of the activation: one for all hidden layers, or a list of one for each."""

from typing import Any

import streamlit as st

from engine.config.choices import chosen_names
from engine.config.settings import SETTINGS
from engine.config.text import value_from_text
from engine.nn.activations import ACTIVATIONS
from ui.shared.thumbnails import activation_picture, show_picture
from ui.shared.widgets import kept
from ui.train.form_data import BESIDE_A_PICTURE

ALT = "activation, derivative dashed"


def choose_activation(values: dict[str, Any]) -> None:
    """Draw the choice with the picture and the meaning of what is chosen, and put it into ``values``."""
    if st.session_state["train_activation_by_layer"]:
        values["activation"] = _by_layer()
    else:
        values["activation"] = _for_all()


def _for_all() -> str:
    setting = SETTINGS["activation"]
    left, right = st.columns(BESIDE_A_PICTURE, gap="small", vertical_alignment="bottom")
    chosen = left.selectbox("Activation", setting.choices, help=setting.help_text, **kept("train_activation"))
    # Switched to a list, the form goes on with what was chosen here.
    if _names(st.session_state["train_activation_list"])[:1] != (chosen,):
        st.session_state["train_activation_list"] = chosen
    show_picture(activation_picture(chosen), ALT, right.container(key="train_activation_picture"))
    with st.container(key="meaning_activation"):
        st.caption(ACTIVATIONS[chosen].meaning)
    return chosen


def _by_layer() -> Any:
    setting = SETTINGS["activation"]
    text = st.text_input(
        "Activation",
        placeholder="relu, tanh",
        help=setting.help_text,
        **kept("train_activation_list"),
    )
    names = _names(text or "")
    # Switched back to one for all, the form goes on with the first one.
    if names:
        st.session_state["train_activation"] = names[0]
    for name in names:
        picture, meaning = st.columns([2, 3], vertical_alignment="center")
        show_picture(activation_picture(name), f"{name}: {ALT}", picture)
        meaning.caption(f"**{name}**: {ACTIVATIONS[name].meaning}")
    return value_from_text("activation", text) if text and text.strip() else setting.default


def _names(text: str) -> tuple[str, ...]:
    """Return the activations that a text names and that are known, each once."""
    return tuple(name for name in chosen_names(value_from_text("activation", text)) if name in ACTIVATIONS)
