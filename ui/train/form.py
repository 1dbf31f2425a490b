"""The form that describes a run, generated from SETTINGS."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import ConfigError, RunConfig, config_from_json, parse_config
from engine.config.data import TABLE
from engine.config.resolve import resolve
from engine.config.settings import SETTINGS
from engine.config.text import value_from_text
from engine.data.dataset import Dataset, dataset_from_bytes, dataset_to_bytes
from engine.nn.activations import ACTIVATIONS
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.store.datasets import dataset_for
from engine.training.plan import TrainingPlan, plan
from ui.shared.frame import page_store
from ui.shared.text import megabytes
from ui.shared.thumbnails import activation_picture, dataset_picture, schedule_picture
from ui.train.form_data import choose_data, fit_the_batch
from ui.train.form_sections import OF_A_TABLE, folded_settings
from ui.train.select_common import common_first
from ui.train.setting_widget import as_widget_value, forget_unknown_choices

RATES = [float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 1.5, 2, 3, 5, 7)] + [10.0]
DEPTHS = [*range(9), 10, 12, 15, 20, 30, 40, 60, 100, 150, 200]
WIDTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512]
MOST_DROPOUT = 0.9


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
        elif name == "dropout":
            _fill_dropout(value)
        elif name == "features":
            st.session_state["train_features"] = list(value)
        else:
            st.session_state[f"train_{name}"] = as_widget_value(setting, value)


def use_data(values: Mapping[str, Any]) -> None:
    """Put settings of the data into the form; network and training stay as they are there."""
    if "train_dataset" not in st.session_state:
        fill_form({})
    if values["dataset"] == TABLE:
        st.session_state["train_table"] = {name: values.get(name) for name in OF_A_TABLE}
    for name in ("dataset", "samples", "noise", "validation_fraction", "test_fraction"):
        st.session_state[f"train_{name}"] = values.get(name, SETTINGS[name].default)
    fit_the_batch()


def _fill_layers(sizes: list[int]) -> None:
    is_even = len(sizes) in DEPTHS[1:] and len(set(sizes)) == 1 and sizes[0] in WIDTHS
    st.session_state["train_as_list"] = not is_even
    st.session_state["train_hidden_sizes"] = ", ".join(str(size) for size in sizes)
    st.session_state["train_depth"] = len(sizes) if is_even else 2
    st.session_state["train_width"] = sizes[0] if is_even else 16


def _fill_dropout(value: Any) -> None:
    fits_the_slider = isinstance(value, float | int) and value <= MOST_DROPOUT
    st.session_state["train_dropout_by_layer"] = not fits_the_slider
    st.session_state["train_dropout"] = float(value) if fits_the_slider else 0.0
    st.session_state["train_dropout_list"] = as_widget_value(SETTINGS["dropout"], value)


def config_form() -> tuple[RunConfig | None, str]:
    """Draw the form; return the configuration it describes, or None and a sentence on what is wrong."""
    if "train_dataset" not in st.session_state:
        fill_form({})
    forget_unknown_choices()
    values: dict[str, Any] = {}
    choose_data(values)
    picture = st.container(key="train_dataset_picture")
    _layers(values)
    activation = SETTINGS["activation"]
    values["activation"] = common_first(
        "Activation", activation.choices, "train_activation", activation.help_text
    )
    with st.container(gap="xxsmall"):
        with st.container(key="train_activation_picture"):
            st.image(
                activation_picture(values["activation"]), width="stretch", alt="curve, and derivative dashed"
            )
        with st.container(key="meaning_activation"):
            st.caption(ACTIVATIONS[values["activation"]].meaning)
    optimizer = SETTINGS["optimizer"]
    values["optimizer"] = common_first("Optimizer", optimizer.choices, "train_optimizer", optimizer.help_text)
    with st.container(key="meaning_optimizer"):
        st.caption(OPTIMIZERS[values["optimizer"]].meaning)
    rates = sorted({*RATES, float(st.session_state["train_learning_rate"])})
    values["learning_rate"] = st.select_slider(
        "Learning rate",
        rates,
        key="train_learning_rate",
        format_func=lambda rate: f"{rate:g}",
        help=SETTINGS["learning_rate"].help_text,
        persist_state="session",
    )
    if OPTIMIZERS[values["optimizer"]].advice:
        st.caption(OPTIMIZERS[values["optimizer"]].advice)
    _dropout(values)
    schedule = folded_settings(values)
    given = {name: value for name, value in values.items() if value is not None}
    return _checked(given, {"dataset": picture, "schedule": schedule})


def _layers(values: dict[str, Any]) -> None:
    explained = SETTINGS["hidden_sizes"].help_text
    if st.session_state["train_as_list"]:
        text = st.text_input(
            "Hidden layers",
            key="train_hidden_sizes",
            placeholder="64, 32, 16",
            help=explained,
            persist_state="session",
        )
        values["hidden_sizes"] = value_from_text("hidden_sizes", text)
    else:
        deep, wide = st.columns(2)
        depth = deep.select_slider(
            "Hidden layers", DEPTHS, key="train_depth", help=explained, persist_state="session"
        )
        width = wide.select_slider(
            "Units in each", WIDTHS, key="train_width", help=explained, persist_state="session"
        )
        values["hidden_sizes"] = [width] * depth
    st.toggle(
        "Sizes as a list",
        key="train_as_list",
        help="Give each hidden layer its own size, input side first.",
        persist_state="session",
    )


def _dropout(values: dict[str, Any]) -> None:
    explained = SETTINGS["dropout"].help_text
    if st.session_state["train_dropout_by_layer"]:
        text = st.text_input(
            "Dropout",
            key="train_dropout_list",
            placeholder="0.2, 0.5",
            help=explained,
            persist_state="session",
        )
        values["dropout"] = value_from_text("dropout", text) if text.strip() else 0.0
    else:
        values["dropout"] = st.slider(
            "Dropout",
            0.0,
            MOST_DROPOUT,
            step=0.05,
            key="train_dropout",
            help=explained,
            persist_state="session",
        )
    st.toggle(
        "Dropout by layer",
        key="train_dropout_by_layer",
        help="Give each hidden layer its own chance, input side first.",
        persist_state="session",
    )


def _checked(values: dict[str, Any], places: dict[str, DeltaGenerator]) -> tuple[RunConfig | None, str]:
    try:
        config = parse_config(values)
        resolved, planned = _resolved(config)
    except ConfigError as error:
        # The pictures of the last valid settings stay, so that what is being typed does not jump away.
        _draw(st.session_state.get("train_pictures", {}), places)
        return None, str(error)
    pictures = {
        "dataset": (_picture(data_json(config)), f"training rows of {config.dataset}"),
        "schedule": (schedule_picture(resolved, planned), "learning rate from the first epoch to the last"),
    }
    st.session_state["train_pictures"] = pictures
    _draw(pictures, places)
    st.caption(
        f"{planned.parameters:,} parameters · {_steps(planned.steps_per_epoch)} an epoch · "
        f"about {megabytes(planned.bytes_needed)}"
    )
    return config, ""


def _draw(pictures: Mapping[str, tuple[str, str]], places: Mapping[str, DeltaGenerator]) -> None:
    for name, (picture, spoken) in pictures.items():
        places[name].image(picture, width="stretch", alt=spoken)


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"


def dataset_of(config: RunConfig) -> Dataset:
    """Return the data that a configuration describes; built once, kept as bytes.

    Raises
    ------
    ConfigError
        When more rows are asked for than there are.
    """
    return dataset_from_bytes(_dataset_bytes(data_json(config)))


def plan_of(config: RunConfig) -> TrainingPlan:
    """Return what follows from a configuration: steps, parameters, memory.

    Raises
    ------
    ConfigError
        When the configuration does not fit its data.
    """
    return _resolved(config)[1]


def _resolved(config: RunConfig) -> tuple[RunConfig, TrainingPlan]:
    dataset = dataset_of(config)
    resolved = resolve(config, dataset.facts)
    return resolved, plan(resolved, dataset)


def data_json(config: RunConfig) -> str:
    """Return the settings of the data alone as JSON: what caches go by."""
    names = {name for name, setting in SETTINGS.items() if setting.section == "data"}
    return config.model_dump_json(include=names)


@st.cache_data(show_spinner="Preparing the data", max_entries=16)
def _dataset_bytes(data_settings: str) -> bytes:
    return dataset_to_bytes(dataset_for(page_store(), config_from_json(data_settings)))


@st.cache_data(show_spinner=False, max_entries=16)
def _picture(data_settings: str) -> str:
    return dataset_picture(dataset_from_bytes(_dataset_bytes(data_settings)))
