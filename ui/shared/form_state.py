"""What the form of the Train page holds in the session: a configuration put into it, from any page."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.config.data import BUNDLED_ROWS, TABLE
from engine.config.settings import SETTINGS, Setting
from engine.store.runs import list_runs
from engine.store.store import Store

# The run whose settings were put into the form.
COPIED_FROM = "train_copied_from"
# Set while the form holds other data than its settings were made for.
KEPT_FROM = "train_kept_from"
# The run in whose place the network of the form is shown, untrained; 0 where there is none.
DRAFT = "train_draft"
OF_A_TABLE = ("table", "target", "columns", "missing", "split", "split_column")
DEPTHS = [*range(9), 10, 12, 15, 20, 30, 40, 60, 100, 150, 200]
WIDTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512]
# Offered as a list of numbers, in which another one can be typed.
TYPED = ("learning_rate", "dropout")
# Kinds whose widget holds a text: several numbers, or a word in their place.
TEXTS = ("list", "list or word", "number or list", "choice or list", "integer or full")


def fill_form(config: Mapping[str, Any]) -> None:
    """Put a configuration into the form; call it before the form is drawn."""
    if config.get("dataset") == TABLE:
        st.session_state["train_table"] = {name: config.get(name) for name in OF_A_TABLE}
    st.session_state.update(_widget_values(config))
    st.session_state.pop(KEPT_FROM, None)


def form_holds(config: Mapping[str, Any], but_for: Sequence[str] = ()) -> bool:
    """Tell whether the form still holds a configuration without a table that was put into it."""
    free = {f"train_{name}" for name in but_for}
    values = {key: value for key, value in _widget_values(config).items() if key not in free}
    return all(st.session_state.get(key) == value for key, value in values.items())


def _widget_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the widgets of the form hold for a configuration, by their keys."""
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        value = config.get(name, setting.default)
        if name in OF_A_TABLE:
            continue
        if name == "hidden_sizes":
            values |= _layer_values(list(value))
        elif name == "activation":
            values |= _activation_values(value)
        elif name == "features":
            values["train_features"] = list(value)
        else:
            values[f"train_{name}"] = as_widget_value(setting, value)
    return values


def propose(store: Store, config: Mapping[str, Any]) -> None:
    """Put a configuration into the form; Train shows its network, untrained, in place of the newest run."""
    fill_form(config)
    newest = list_runs(store, limit=1)
    st.session_state[DRAFT] = newest[0].id if newest else 0
    st.session_state.pop(COPIED_FROM, None)
    st.session_state.pop("train_preset", None)


def fill_network(sizes: list[int], activations: list[str]) -> None:
    """Put hidden layers into the form, input side first, each with its activation; all else stays."""
    values = _layer_values(sizes)
    if activations:
        values |= _activation_values(activations if len(set(activations)) > 1 else activations[0])
    st.session_state.update(values)
    rates = [part.strip() for part in st.session_state["train_dropout"].split(",") if part.strip()]
    if len(rates) > 1:
        st.session_state["train_dropout"] = ", ".join([*rates, *rates[-1:] * len(sizes)][: len(sizes)])


def use_data(values: Mapping[str, Any]) -> None:
    """Put settings of the data into the form; network and training stay as they are there."""
    if "train_dataset" not in st.session_state:
        fill_form({})
    if values["dataset"] == TABLE:
        st.session_state["train_table"] = {name: values.get(name) for name in OF_A_TABLE}
    for name in ("dataset", "samples", "noise", "validation_fraction", "test_fraction"):
        st.session_state[f"train_{name}"] = values.get(name, SETTINGS[name].default)
    change_data()


def _layer_values(sizes: list[int]) -> dict[str, Any]:
    is_even = len(sizes) in DEPTHS[1:] and len(set(sizes)) == 1 and sizes[0] in WIDTHS
    return {
        "train_as_list": not is_even,
        "train_hidden_sizes": ", ".join(str(size) for size in sizes),
        "train_depth": len(sizes) if is_even else 2,
        "train_width": sizes[0] if is_even else 16,
    }


def _activation_values(value: str | Sequence[str]) -> dict[str, Any]:
    by_layer = not isinstance(value, str)
    return {
        "train_activation_by_layer": by_layer,
        "train_activation": value[0] if by_layer else value,
        "train_activation_list": as_widget_value(SETTINGS["activation"], value),
    }


def kept_settings() -> dict[str, Any]:
    """Return by name what was set for the data before and still is as it was then.

    Empty while the form holds the data that its settings were made for.
    """
    kept = st.session_state.get(KEPT_FROM, {})
    return {name: value for name, value in kept.items() if st.session_state.get(f"train_{name}") == value}


def change_data() -> None:
    """Note which settings stay that are not the usual ones and were made for other data; fit the batch."""
    usual, left_out = _widget_values({}), ("dataset", "hidden_sizes", "activation", "name", "seed")
    held = {name: st.session_state.get(f"train_{name}") for name in SETTINGS if f"train_{name}" in usual}
    st.session_state[KEPT_FROM] = {
        name: value
        for name, value in held.items()
        if name not in left_out and value not in (None, "", usual[f"train_{name}"])
    }
    fit_batch()


def fit_batch() -> None:
    """Take the whole of a table that has fewer rows than a batch."""
    rows = BUNDLED_ROWS.get(st.session_state["train_dataset"])
    size = st.session_state.get("train_batch_size", "full")
    if rows is not None and size.isdigit() and int(size) > rows / 2:
        st.session_state["train_batch_size"] = "full"


def as_widget_value(setting: Setting, value: Any) -> Any:
    """Return a value as the widget of its setting holds it."""
    if setting.kind == "switch":
        return bool(value)
    if setting.kind not in TEXTS and setting.name not in TYPED:
        return value
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).removesuffix(".0")
