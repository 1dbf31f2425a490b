"""The widget of one setting."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.config.data import BUNDLED_ROWS, DEFAULT_NOISE, DEFAULT_SYNTHETIC_ROWS, TABLE
from engine.config.run_config import default_beside
from engine.config.settings import SETTINGS, Setting
from engine.config.text import value_from_text
from ui.shared.form_state import TEXTS, as_widget_value
from ui.shared.widgets import kept

BATCHES = {
    "1": "stochastic (1)",
    **{size: f"mini-batch {size}" for size in ("8", "16", "32", "64", "128", "256")},
    "full": "full batch",
}


def label_of(name: str) -> str:
    """Return what the screen calls a setting, with its unit."""
    setting = SETTINGS[name]
    label = name.replace("_", " ").capitalize()
    has_unit = setting.unit in label.lower() or setting.group == "main"
    return label if has_unit else f"{label} ({setting.unit})"


def forget_unknown_choices() -> None:
    """Put defaults in place of choices that no longer exist: a plugin's file was removed."""
    for name, setting in SETTINGS.items():
        key = f"train_{name}"
        if (
            setting.kind in ("choice", "choice or list")
            and st.session_state.get(key, setting.default) not in setting.choices
        ):
            st.session_state[key] = setting.default


def draw_setting(setting: Setting, values: Mapping[str, Any]) -> None:
    """Draw the widget of a setting; :func:`chosen` says what it holds.

    Parameters
    ----------
    values : mapping
        The settings chosen so far, those that this one depends on among them.
    """
    common: dict[str, Any] = {"help": setting.help_text, **kept(f"train_{setting.name}")}
    label = label_of(setting.name)
    placeholder = _placeholder(setting, values)
    if setting.kind == "choice":
        st.selectbox(label, setting.choices, **common)
    elif setting.kind == "switch":
        st.toggle(label, **common)
    elif setting.kind == "integer or full":
        # What is typed in has no label: it comes back from the browser as it is shown.
        labels = {"format_func": lambda size: BATCHES.get(size, size)}
        st.selectbox(label, list(BATCHES), accept_new_options=True, **labels, **common)
    elif setting.kind in TEXTS:
        st.text_input(label, placeholder=placeholder, **common)
    elif setting.kind == "integer":
        st.number_input(label, value=None, step=1, placeholder=placeholder, **common)
    else:
        step = 0.05 if "fraction" in setting.unit else 0.01
        st.number_input(label, value=None, step=step, format="%g", placeholder=placeholder, **common)


def chosen(setting: Setting) -> Any:
    """Return what the form holds for a setting, drawn or folded away; None where it is left open."""
    held = st.session_state[f"train_{setting.name}"]
    if setting.kind == "switch":
        return held or (None if setting.default is None else False)
    if setting.kind in TEXTS and not isinstance(held, list):
        return value_from_text(setting.name, str(held or ""))
    return held


def _placeholder(setting: Setting, values: Mapping[str, Any]) -> str:
    dataset = values["dataset"]
    if setting.name == "noise":
        return f"{DEFAULT_NOISE[dataset]:g}"
    if setting.name == "samples" and dataset == TABLE:
        return "all rows"
    if setting.name == "samples":
        return f"{BUNDLED_ROWS.get(dataset, DEFAULT_SYNTHETIC_ROWS)}"
    default = default_beside(setting.name, values)
    if default is not None:
        return f"{default:g}" if isinstance(default, float) else str(as_widget_value(setting, default))
    return "automatic" if setting.name == "record_every" else "off"
