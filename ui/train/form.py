"""The form that describes a run, generated from SETTINGS."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import ConfigError, RunConfig, config_from_json, parse_config
from engine.config.settings import SETTINGS
from engine.config.text import value_from_text
from engine.nn.optimizers.registry import OPTIMIZERS
from ui.shared.form_state import DEPTHS, WIDTHS, as_widget_value, fill_form
from ui.shared.prepared_data import data_json, dataset_of, resolve_and_plan
from ui.shared.text import count, megabytes
from ui.shared.thumbnails import dataset_picture, schedule_picture, show_picture
from ui.shared.widgets import kept
from ui.train.form_activation import choose_activation
from ui.train.form_data import choose_data
from ui.train.form_sections import folded_settings, visible_settings
from ui.train.setting_widget import forget_unknown_choices, label_of

RATES = [float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 1.5, 2, 3, 5, 7)] + [10.0]
DROPOUTS = [percent / 100 for percent in range(0, 95, 5)]
NOTABLE_BYTES = 10**9
OFFERED = {
    name: [as_widget_value(SETTINGS[name], number) for number in numbers]
    for name, numbers in (("learning_rate", RATES), ("dropout", DROPOUTS))
}
ALT = {"dataset": "training rows", "schedule": "learning rate over the epochs"}


def config_form(visible: Collection[str] | None = None) -> tuple[RunConfig | None, str]:
    """Draw the form; return the configuration it describes, or None and a sentence on what is wrong.

    Parameters
    ----------
    visible : collection of str, optional
        The settings that are not hidden; without it all are there.
    """
    if "train_dataset" not in st.session_state:
        fill_form({})
    forget_unknown_choices()
    values: dict[str, Any] = {}
    with _place("dataset", visible):
        picture = choose_data(values)
    with _place("hidden_sizes", visible):
        _layers(values)
    with _place("activation", visible):
        choose_activation(values)
    with _place("optimizer", visible):
        _optimizer(values)
    left, right = st.columns(2, gap="small")
    with left, _place("learning_rate", visible):
        _number("learning_rate", values)
    with right, _place("dropout", visible):
        _number("dropout", values)
    advice = OPTIMIZERS[values["optimizer"]].advice
    if advice and (visible is None or "learning_rate" in visible):
        st.caption(advice)
    schedule = folded_settings(values) if visible is None else visible_settings(values, visible)
    chosen = {name: value for name, value in values.items() if value is not None}
    places = {"dataset": picture} | ({"schedule": schedule} if schedule is not None else {})
    return _checked(chosen, places)


def _place(name: str, visible: Collection[str] | None) -> AbstractContextManager[Any]:
    """Return where a setting is drawn: in a place that is not shown where it is hidden (``style.css``)."""
    return nullcontext() if visible is None or name in visible else st.container(key=f"train_unseen_{name}")


def _optimizer(values: dict[str, Any]) -> None:
    optimizer = SETTINGS["optimizer"]
    values["optimizer"] = st.selectbox(
        "Optimizer", optimizer.choices, help=optimizer.help_text, **kept("train_optimizer")
    )
    with st.container(key="meaning_optimizer"):
        st.caption(OPTIMIZERS[values["optimizer"]].meaning)


def _number(name: str, values: dict[str, Any]) -> None:
    """Draw a list of numbers in which another one can be typed, and put what it holds into ``values``."""
    setting, held = SETTINGS[name], st.session_state[f"train_{name}"]
    text = st.selectbox(
        label_of(name),
        OFFERED[name] if held in OFFERED[name] else [*OFFERED[name], held],
        accept_new_options=True,
        help=setting.help_text,
        **kept(f"train_{name}"),
    )
    values[name] = value_from_text(name, text or "")


def _layers(values: dict[str, Any]) -> None:
    help_text = SETTINGS["hidden_sizes"].help_text
    if st.session_state["train_as_list"]:
        text = st.text_input(
            "Hidden layers",
            placeholder="64, 32, 16",
            help=help_text,
            **kept("train_hidden_sizes"),
        )
        values["hidden_sizes"] = value_from_text("hidden_sizes", text or "")
    else:
        deep, wide = st.columns(2, gap="small")
        depth = deep.selectbox("Hidden layers", DEPTHS, help=help_text, **kept("train_depth"))
        width = wide.selectbox("Units per layer", WIDTHS, help=help_text, **kept("train_width"))
        values["hidden_sizes"] = [width] * depth


def _checked(values: dict[str, Any], places: dict[str, DeltaGenerator]) -> tuple[RunConfig | None, str]:
    try:
        config = parse_config(values)
        resolved, planned = resolve_and_plan(config)
    except ConfigError as error:
        # The pictures of the last valid settings stay, so that what is being typed does not jump away.
        _draw(st.session_state.get("train_pictures", {}), places)
        return None, str(error)
    drawn = {
        "dataset": lambda: _picture(data_json(config)),
        "schedule": lambda: schedule_picture(resolved, planned),
    }
    pictures = {name: drawn[name]() for name in places}
    st.session_state["train_pictures"] = pictures
    _draw(pictures, places)
    facts = [f"{planned.parameters:,} parameters", f"{count(planned.steps_per_epoch, 'step')} per epoch"]
    if planned.bytes_needed >= NOTABLE_BYTES:
        facts.append(f"about {megabytes(planned.bytes_needed)} of memory")
    st.caption(" · ".join(facts))
    return config, ""


def _draw(pictures: Mapping[str, str], places: Mapping[str, DeltaGenerator]) -> None:
    for name in pictures.keys() & places.keys():
        show_picture(pictures[name], ALT[name], places[name])


@st.cache_data(show_spinner=False, max_entries=16)
def _picture(data_settings: str) -> str:
    return dataset_picture(dataset_of(config_from_json(data_settings)))
