"""The folded part of the form, section by section, generated from SETTINGS."""

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config.optimizers import OptimizerSettings
from engine.config.seeds import SEEDS_AT_MOST
from engine.config.settings import SETTINGS, Setting, applies
from engine.training.schedule import SCHEDULES
from ui.shared.form_state import OF_A_TABLE, as_widget_value
from ui.shared.sight import is_open
from ui.shared.text import as_markdown
from ui.shared.widgets import kept
from ui.train.form_data import choose_features
from ui.train.setting_widget import chosen, draw_setting, label_of

# Settings above the sections, or on the Data page.
ELSEWHERE = (
    "dataset",
    "hidden_sizes",
    "activation",
    "optimizer",
    "learning_rate",
    "dropout",
    *OF_A_TABLE,
)
# First within their section: they are changed most.
FIRST = ("epochs", "batch_size")
SEARCHED_AT_MOST = 60
OF_THE_RECORD = ("seed", "record_every", "evaluation")
SECTIONS = {
    "training": ("Epochs, batches, loss", ":material/repeat:"),
    "data": ("Features, data size & noise", ":material/scatter_plot:"),
    "network": ("Layers & initialization", ":material/lan:"),
    "optimizer": ("Optimizer", ":material/directions_walk:"),
    "limits": ("Regularization & clipping", ":material/compress:"),
    "schedule": ("Schedule & early stopping", ":material/trending_down:"),
    "record": ("Name, seeds, logging", ":material/label:"),
}


def folded_settings(values: dict[str, Any]) -> DeltaGenerator | None:
    """Draw every other setting that applies and put what is chosen into ``values``.

    They are folded by topic, and drawn once a topic is opened; those that somebody looks for by name stand
    above the topics instead.

    Returns
    -------
    DeltaGenerator or None
        Where the schedule's picture goes once the whole form is known; None while it is folded away.
    """
    # What a setting depends on may come further down the form.
    held = {name: st.session_state.get(f"train_{name}", each.default) for name, each in SETTINGS.items()}
    wanted = _search_field()
    matching = _search(wanted)
    found, hits, marks = st.container(gap="xsmall"), list[str](), list[str]()
    picture = None
    with st.container(gap="xxsmall", key="train_sections"):
        for section in SECTIONS:
            names = _read(section, held, values)
            if not names:
                continue
            title, icon = SECTIONS[section]
            folded = st.expander(title, icon=icon, key=f"train_section_{section}", on_change="rerun")
            marks.append(_mark(section, sum(_is_changed(SETTINGS[name]) for name in names)))
            is_unfolded = is_open(folded)
            if is_unfolded:
                with folded:
                    _before_the_settings(section)
            for name in names:
                is_hit = name in matching
                hits += [name] if is_hit else []
                if is_hit or is_unfolded:
                    with found if is_hit else folded:
                        _draw(name, values)
                        picture = _place_of_the_schedule(values[name]) if name == "schedule" else picture
        st.html(f"<style>{''.join(marks)}</style>")
    if wanted:
        found.caption(_describe_search(wanted, matching.difference(hits), hits))
    return picture


def visible_settings(values: dict[str, Any], visible: Collection[str]) -> None:
    """Draw those of the other settings that apply and are visible, and put all that apply into ``values``."""
    held = {name: st.session_state.get(f"train_{name}", each.default) for name, each in SETTINGS.items()}
    for section in SECTIONS:
        for name in _read(section, held, values):
            if name in visible:
                _draw(name, values)


def _read(section: str, held: Mapping[str, Any], values: dict[str, Any]) -> list[str]:
    """Put what is chosen in a section into ``values`` and return its settings that apply."""
    names = []
    for name in _names_of(section):
        if applies(SETTINGS[name].explained, {**held, **values}):
            values[name] = chosen(SETTINGS[name])
            names.append(name)
    return names


def _search_field() -> str:
    """Draw the field that finds a setting by its name and return what was chosen or typed, in lower case."""
    text = st.selectbox(
        "Find a setting",
        [name for name in SETTINGS if name not in OF_A_TABLE],
        index=None,
        key="train_find",
        format_func=lambda each: label_of(each) if each in SETTINGS else each,
        placeholder="Find a setting",
        accept_new_options=True,
        label_visibility="collapsed",
        help="A part of a name, a choice, or what it does: clip, batch norm, penalty.",
    )
    return (text or "")[:SEARCHED_AT_MOST].strip().lower()


def _search(wanted: str) -> set[str]:
    """Return the settings looked for: by what they or their choices are called, else by what they do."""
    words = wanted.split()
    named = {
        name: " ".join((name, label_of(name), *(each.choices or ()))).lower()
        for name, each in SETTINGS.items()
    }
    told = {name: each.description.lower() for name, each in SETTINGS.items()}
    by_name, by_text = (
        {name for name, text in texts.items() if words and all(word in text for word in words)}
        for texts in (named, told)
    )
    return by_name or by_text


def _describe_search(wanted: str, others: set[str], hits: list[str]) -> str:
    """Say what else a search found: settings that stand above, and such as do not apply now."""
    listed = [name for name in SETTINGS if name in others and name not in OF_A_TABLE]
    above = [label_of(name) for name in listed if name in ELSEWHERE]
    unused = [label_of(name) for name in listed if name not in ELSEWHERE]
    parts = [f"Above: {', '.join(above)}."] if above else []
    parts += [f"Not used with these choices: {', '.join(unused)}."] if unused else []
    if not (hits or parts):
        parts = [f"No setting is called “{wanted}”."]
    return as_markdown(" ".join(parts))


def _before_the_settings(section: str) -> None:
    """Draw what belongs to a topic but is no setting of the configuration."""
    if section == "record":
        _name_input()
        _seeds_input()
    elif section == "network":
        st.toggle(
            "Set each layer",
            help="Give each hidden layer its own size, from input to output.",
            **kept("train_as_list"),
        )
        st.toggle(
            "Activation per layer",
            help="Give each hidden layer its own activation, from input to output.",
            **kept("train_activation_by_layer"),
        )


def _draw(name: str, values: dict[str, Any]) -> None:
    if name == "features":
        choose_features()
    else:
        draw_setting(SETTINGS[name], values)


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


def _mark(section: str, changed: int) -> str:
    """Return the style that says beside a topic how many of its settings are not at their defaults.

    As a part of its title it would fold the topic: Streamlit takes one with another title for another one.
    """
    return f".st-key-train_section_{section} {{ --changed: '{changed} set'; }}" if changed else ""


def _is_changed(setting: Setting) -> bool:
    held = st.session_state.get(f"train_{setting.name}")
    unset = list(setting.default) if setting.name == "features" else as_widget_value(setting, setting.default)
    return held is not None and held != unset


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
