"""The widget of one setting."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.config.data import BUNDLED_ROWS, DEFAULT_NOISE, DEFAULT_SYNTHETIC_ROWS, TABLE
from engine.config.run_config import default_beside
from engine.config.settings import SETTINGS, Setting
from engine.config.text import value_from_text

BATCHES = ["1", "8", "16", "32", "64", "128", "256", "full"]
# Kinds whose widget holds a text: several numbers, or a word in their place.
TEXTS = ("list", "list or word", "number or list", "integer or full")


def label_of(name: str) -> str:
    """Return the words for a setting on the screen, with its unit."""
    setting = SETTINGS[name]
    words = name.replace("_", " ").capitalize()
    is_said = setting.unit in words.lower() or setting.group == "main"
    return words if is_said else f"{words} ({setting.unit})"


def as_widget_value(setting: Setting, value: Any) -> Any:
    """Return a value as the widget of its setting holds it."""
    if setting.kind == "switch":
        return bool(value)
    if setting.kind not in TEXTS:
        return value
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def forget_unknown_choices() -> None:
    """Put defaults in the place of choices that are there no more: a plugin's file was taken away."""
    for name, setting in SETTINGS.items():
        key = f"train_{name}"
        if setting.kind == "choice" and st.session_state.get(key, setting.default) not in setting.choices:
            st.session_state[key] = setting.default


def setting_widget(setting: Setting, values: Mapping[str, Any]) -> Any:
    """Draw the widget of a setting; return what is chosen, None where it is left open.

    Parameters
    ----------
    values : mapping
        The settings chosen so far: what decides about this one is among them.
    """
    common: dict[str, Any] = {
        "key": f"train_{setting.name}",
        "help": setting.help_text,
        "persist_state": "session",
    }
    label = label_of(setting.name)
    if setting.kind == "choice":
        return st.selectbox(label, setting.choices, **common)
    if setting.kind == "switch":
        return st.toggle(label, **common) or (None if setting.default is None else False)
    if setting.kind == "integer or full":
        chosen = st.selectbox(label, BATCHES, accept_new_options=True, **common)
        return value_from_text(setting.name, str(chosen))
    placeholder = _placeholder(setting, values)
    if setting.kind in TEXTS:
        return value_from_text(setting.name, st.text_input(label, placeholder=placeholder, **common) or "")
    if setting.kind == "integer":
        return st.number_input(label, value=None, step=1, placeholder=placeholder, **common)
    step = 0.05 if "fraction" in setting.unit else 0.01
    return st.number_input(label, value=None, step=step, format="%g", placeholder=placeholder, **common)


def _placeholder(setting: Setting, values: Mapping[str, Any]) -> str:
    dataset = values["dataset"]
    if setting.name == "noise":
        return f"{DEFAULT_NOISE[dataset]:g}"
    if setting.name == "samples" and dataset == TABLE:
        return "every row"
    if setting.name == "samples":
        return f"{BUNDLED_ROWS.get(dataset, DEFAULT_SYNTHETIC_ROWS)}"
    default = default_beside(setting.name, values)
    if default is not None:
        return f"{default:g}" if isinstance(default, float) else str(as_widget_value(setting, default))
    return "automatic" if setting.name == "record_every" else "off"
