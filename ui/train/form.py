"""The form that describes a run, generated from SETTINGS."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import ConfigError, RunConfig, config_from_json, parse_config
from engine.config.settings import SETTINGS
from engine.config.text import value_from_text
from engine.nn.optimizers.registry import OPTIMIZERS
from ui.shared.form_state import DEPTHS, MOST_DROPOUT, WIDTHS, fill_form
from ui.shared.prepared_data import data_json, dataset_of, resolve_and_plan
from ui.shared.text import count, megabytes
from ui.shared.thumbnails import dataset_picture, schedule_picture
from ui.shared.widgets import kept
from ui.train.form_activation import choose_activation
from ui.train.form_data import choose_data
from ui.train.form_sections import folded_settings
from ui.train.setting_widget import forget_unknown_choices

RATES = [float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 1.5, 2, 3, 5, 7)] + [10.0]


def config_form() -> tuple[RunConfig | None, str]:
    """Draw the form; return the configuration it describes, or None and a sentence on what is wrong."""
    if "train_dataset" not in st.session_state:
        fill_form({})
    forget_unknown_choices()
    values: dict[str, Any] = {}
    picture = choose_data(values)
    _layers(values)
    choose_activation(values)
    optimizer = SETTINGS["optimizer"]
    values["optimizer"] = st.selectbox(
        "Optimizer", optimizer.choices, help=optimizer.help_text, **kept("train_optimizer")
    )
    with st.container(key="meaning_optimizer"):
        st.caption(OPTIMIZERS[values["optimizer"]].meaning)
    left, right = st.columns(2, gap="small")
    with left:
        _rate(values)
    with right:
        _dropout(values)
    if OPTIMIZERS[values["optimizer"]].advice:
        st.caption(OPTIMIZERS[values["optimizer"]].advice)
    schedule = folded_settings(values)
    chosen = {name: value for name, value in values.items() if value is not None}
    return _checked(chosen, {"dataset": picture, "schedule": schedule})


def _rate(values: dict[str, Any]) -> None:
    rates = sorted({*RATES, float(st.session_state["train_learning_rate"])})
    values["learning_rate"] = st.select_slider(
        "Learning rate",
        rates,
        format_func=lambda rate: f"{rate:g}",
        help=SETTINGS["learning_rate"].help_text,
        **kept("train_learning_rate"),
    )


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
        deep, wide = st.columns(2)
        depth = deep.select_slider(
            "Hidden layers",
            DEPTHS,
            help=help_text,
            **kept("train_depth"),
        )
        width = wide.select_slider(
            "Units per layer",
            WIDTHS,
            help=help_text,
            **kept("train_width"),
        )
        values["hidden_sizes"] = [width] * depth


def _dropout(values: dict[str, Any]) -> None:
    help_text = SETTINGS["dropout"].help_text
    if st.session_state["train_dropout_by_layer"]:
        text = st.text_input(
            "Dropout",
            placeholder="0.2, 0.5",
            help=help_text,
            **kept("train_dropout_list"),
        )
        values["dropout"] = value_from_text("dropout", text) if text and text.strip() else 0.0
    else:
        values["dropout"] = st.slider(
            "Dropout",
            0.0,
            MOST_DROPOUT,
            step=0.05,
            help=help_text,
            **kept("train_dropout"),
        )


def _checked(values: dict[str, Any], places: dict[str, DeltaGenerator]) -> tuple[RunConfig | None, str]:
    try:
        config = parse_config(values)
        resolved, planned = resolve_and_plan(config)
    except ConfigError as error:
        # The pictures of the last valid settings stay, so that what is being typed does not jump away.
        _draw(st.session_state.get("train_pictures", {}), places)
        return None, str(error)
    pictures = {
        "dataset": (_picture(data_json(config)), f"training rows of {config.dataset}"),
        "schedule": (schedule_picture(resolved, planned), "learning rate over the epochs"),
    }
    st.session_state["train_pictures"] = pictures
    _draw(pictures, places)
    st.caption(
        f"{planned.parameters:,} parameters · {count(planned.steps_per_epoch, 'step')} per epoch · "
        f"about {megabytes(planned.bytes_needed)}"
    )
    return config, ""


def _draw(pictures: Mapping[str, tuple[str, str]], places: Mapping[str, DeltaGenerator]) -> None:
    for name, (picture, alt) in pictures.items():
        places[name].image(picture, width="stretch", alt=alt)


@st.cache_data(show_spinner=False, max_entries=16)
def _picture(data_settings: str) -> str:
    return dataset_picture(dataset_of(config_from_json(data_settings)))
