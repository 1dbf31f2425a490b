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
    for name, setting in SETTINGS.items():
        value = config.get(name, setting.default)
        if name in OF_A_TABLE:
            continue
        if name == "hidden_sizes":
            _fill_layers(list(value))
        elif name == "activation":
            _fill_activation(value)
        elif name == "features":
            st.session_state["train_features"] = list(value)
        else:
            st.session_state[f"train_{name}"] = as_widget_value(setting, value)


def propose(store: Store, config: Mapping[str, Any]) -> None:
    """Put a configuration into the form; Train shows its network, untrained, in place of the newest run."""
    fill_form(config)
    newest = list_runs(store, limit=1)
    st.session_state[DRAFT] = newest[0].id if newest else 0
    st.session_state.pop(COPIED_FROM, None)
    st.session_state.pop("train_preset", None)


def fill_network(sizes: list[int], activations: list[str]) -> None:
    """Put hidden layers into the form, input side first, each with its activation; all else stays."""
    _fill_layers(sizes)
    if activations:
        _fill_activation(activations if len(set(activations)) > 1 else activations[0])
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
    fit_batch()


def _fill_layers(sizes: list[int]) -> None:
    is_even = len(sizes) in DEPTHS[1:] and len(set(sizes)) == 1 and sizes[0] in WIDTHS
    st.session_state["train_as_list"] = not is_even
    st.session_state["train_hidden_sizes"] = ", ".join(str(size) for size in sizes)
    st.session_state["train_depth"] = len(sizes) if is_even else 2
    st.session_state["train_width"] = sizes[0] if is_even else 16


def _fill_activation(value: str | Sequence[str]) -> None:
    by_layer = not isinstance(value, str)
    st.session_state["train_activation_by_layer"] = by_layer
    st.session_state["train_activation"] = value[0] if by_layer else value
    st.session_state["train_activation_list"] = as_widget_value(SETTINGS["activation"], value)


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
