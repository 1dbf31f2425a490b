"""The widget of one setting, drawn from what SETTINGS says of it; must not know the rest of the form."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.config.data import BUNDLED_ROWS, DEFAULT_NOISE, DEFAULT_SYNTHETIC_ROWS, TABLE
from engine.config.run_config import default_of
from engine.config.settings import SETTINGS, Setting
from engine.config.text import value_from_text

BATCHES = ["1", "8", "16", "32", "64", "128", "256", "full"]
OFF = ("clip_norm", "clip_value", "class_weights", "early_stopping")


def label_of(name: str) -> str:
    """Return the words for a setting on the screen, with its unit."""
    setting = SETTINGS[name]
    words = name.replace("_", " ").capitalize()
    return f"{words} ({setting.unit})" if setting.unit and setting.group == "more" else words


def listed(value: Any) -> str:
    """Return a list as the text that its widget holds; a word stays as it is."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value or ""


def widget(setting: Setting, values: Mapping[str, Any]) -> Any:
    """Draw the widget of a setting beside the values of those before it; return the value that it holds."""
    common: dict[str, Any] = {
        "key": f"train_{setting.name}",
        "help": setting.help_text,
        "persist_state": "session",
    }
    label = label_of(setting.name)
    if setting.kind == "choice":
        return st.selectbox(label, setting.choices, **common)
    if setting.kind == "integer or full":
        chosen = st.selectbox(label, BATCHES, accept_new_options=True, **common)
        return value_from_text(setting.name, str(chosen))
    if setting.kind == "switch":
        return st.toggle(label, **common)
    placeholder = _placeholder(setting.name, values)
    if "list" in setting.kind:
        return value_from_text(setting.name, st.text_input(label, placeholder=placeholder, **common) or "")
    if setting.kind == "integer":
        return st.number_input(label, value=None, step=1, placeholder=placeholder, **common)
    step = 0.05 if "fraction" in setting.unit else 0.01
    return st.number_input(label, value=None, step=step, format="%g", placeholder=placeholder, **common)


def _placeholder(name: str, values: Mapping[str, Any]) -> str:
    dataset, default = values["dataset"], default_of(name, values)
    if name in OFF:
        return "off"
    if name == "noise":
        return f"{DEFAULT_NOISE[dataset]:g}"
    if name == "samples" and dataset == TABLE:
        return "every row"
    if name == "samples":
        return f"{BUNDLED_ROWS.get(dataset, DEFAULT_SYNTHETIC_ROWS)}"
    if default is None:
        return "automatic"
    return listed(default) if isinstance(default, tuple) else f"{default:g}"
