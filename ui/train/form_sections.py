"""The folded part of the form, section by section, generated from SETTINGS."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config.optimizers import OptimizerSettings
from engine.config.seeds import SEEDS_AT_MOST
from engine.config.settings import SETTINGS, Setting, applies
from engine.training.schedule import SCHEDULES
from ui.shared.form_state import OF_A_TABLE, as_widget_value
from ui.shared.widgets import kept
from ui.train.setting_widget import setting_widget

# Settings above the sections, or on the Data page.
ELSEWHERE = (
    "dataset",
    "features",
    "hidden_sizes",
    "activation",
    "optimizer",
    "learning_rate",
    "dropout",
    *OF_A_TABLE,
)
# First within their section: they are changed most.
FIRST = ("epochs", "batch_size")
OF_THE_RECORD = ("seed", "record_every")
SECTIONS = {
    "training": ("Epochs, batches, loss", ":material/repeat:"),
    "data": ("Data size & noise", ":material/scatter_plot:"),
    "network": ("Layers & initialization", ":material/lan:"),
    "optimizer": ("Optimizer", ":material/directions_walk:"),
    "limits": ("Regularization & clipping", ":material/compress:"),
    "schedule": ("Schedule & early stopping", ":material/trending_down:"),
    "record": ("Name, seeds, logging", ":material/label:"),
}


def folded_settings(values: dict[str, Any]) -> DeltaGenerator:
    """Draw every other setting that applies, folded, and put what is chosen into ``values``.

    Returns
    -------
    DeltaGenerator
        Where the schedule's picture goes once the whole form is known.
    """
    places = {}
    with st.container(gap="xsmall"):
        for section in SECTIONS:
            # What a setting depends on may come further down the form.
            held = {
                name: st.session_state.get(f"train_{name}", each.default) for name, each in SETTINGS.items()
            }
            shown = [
                name for name in _names_of(section) if applies(SETTINGS[name].explained, {**held, **values})
            ]
            if not shown:
                continue
            with st.expander(
                _title(section, shown), icon=SECTIONS[section][1], key=f"train_section_{section}"
            ):
                if section == "record":
                    _name_input()
                    _seeds_input()
                for name in _names_of(section):
                    if applies(SETTINGS[name].explained, {**held, **values}):
                        values[name] = setting_widget(SETTINGS[name], values)
                        if name == "schedule":
                            places[name] = _place_of_the_schedule(values[name])
    return places["schedule"]


def _names_of(section: str) -> list[str]:
    names = [name for name in SETTINGS if name not in ELSEWHERE and _section_of(SETTINGS[name]) == section]
    return [*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST)]


def _section_of(setting: Setting) -> str:
    if setting.name in OF_THE_RECORD:
        return "record"
    if setting.name not in OptimizerSettings.model_fields:
        return setting.section
    when = setting.explained.depends_on
    return "optimizer" if when and when[0].setting == "optimizer" else "limits"


def _title(section: str, shown: list[str]) -> str:
    """Return the title of a section, with how many of its settings are not at their defaults."""
    changed = sum(_is_changed(SETTINGS[name]) for name in shown)
    return SECTIONS[section][0] + (f" :primary-badge[{changed} set]" if changed else "")


def _is_changed(setting: Setting) -> bool:
    held = st.session_state.get(f"train_{setting.name}")
    return held is not None and held != as_widget_value(setting, setting.default)


def _place_of_the_schedule(name: str) -> DeltaGenerator:
    picture = st.container(key="train_schedule_picture")
    with st.container(key="meaning_schedule"):
        st.caption(SCHEDULES[name].meaning)
    return picture


def _name_input() -> None:
    """Draw the name of the run."""
    st.text_input(
        "Name",
        max_chars=200,
        placeholder="optional",
        help="Shown in lists, legends and files.",
        **kept("train_name"),
    )


def _seeds_input() -> None:
    """Draw how many seeds Start trains."""
    st.session_state.setdefault("train_seeds", 1)
    st.number_input(
        "Seeds",
        1,
        SEEDS_AT_MOST,
        step=1,
        help="Start trains this many runs, with the seed below and the ones after it. One run may be luck; "
        "the mean of five with its interval shows what the settings do. Too low: no verdict. Too high: takes "
        "that many times longer.",
        **kept("train_seeds"),
    )
