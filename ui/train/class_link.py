"""A link that fixes what a class sees: controls of the form, settings, a lesson beside them."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from engine.config import ConfigError, RunConfig, parse_config
from engine.config.data import TABLE
from engine.config.errors import unknown_name
from engine.config.presets import PRESETS, with_preset
from engine.config.settings import SETTINGS
from engine.config.text import changed_settings, value_from_text
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.form_state import OF_A_TABLE, fill_form, propose
from ui.shared.text import as_markdown, visible
from ui.shared.widgets import kept
from ui.train.setting_widget import label_of

CONTROLS, LESSON, PRESET = "controls", "lesson", "preset"
NAMES = (PRESET, *(name for name in SETTINGS if name not in OF_A_TABLE))
# What was taken from the address last, so that it is not taken again.
TAKEN = "train_link_taken"
LOCAL = ("localhost", "127.0.0.1", "::1")


def linked_controls() -> frozenset[str] | None:
    """Return the controls that the address leaves visible, or None where it says nothing: all of them."""
    if CONTROLS not in st.query_params:
        return None
    names = [name.strip() for name in st.query_params[CONTROLS].split(",") if name.strip()]
    for name in names:
        if name not in NAMES:
            _warn(f"{CONTROLS} in the address: {unknown_name('setting', visible(name, 40), NAMES)}")
    return frozenset(names) & frozenset(NAMES)


def take_linked_settings(store: Store) -> None:
    """Put the settings that the address names into the form, once; others are at their defaults then.

    What cannot be taken is said as long as the address names it.
    """
    given = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    if given and given != st.session_state.get(TAKEN, {}).get("given"):
        st.session_state[TAKEN] = {"given": given, "refused": _refused(store, given)}
    if given and (sentence := st.session_state[TAKEN]["refused"]):
        _warn(f"settings in the address: {sentence}")


def _refused(store: Store, given: Mapping[str, str]) -> str:
    """Fill the form with settings; return a sentence where they are none."""
    values = {name: value_from_text(name, text) for name, text in given.items() if name != PRESET}
    try:
        if PRESET in given and given[PRESET] not in PRESETS:
            raise ConfigError(unknown_name("preset", visible(given[PRESET], 40), tuple(PRESETS)))
        config = parse_config(with_preset(given[PRESET], values) if PRESET in given else values)
    except ConfigError as error:
        return str(error)
    if "run" in st.query_params:
        fill_form(config.model_dump())
    else:
        propose(store, config.model_dump())
    st.session_state["train_preset"] = given.get(PRESET)
    return ""


def hide_editing(controls: frozenset[str]) -> None:
    """Take away what edits the network where it is drawn, unless that is among the controls."""
    hidden = [] if "hidden_sizes" in controls else [".edit-head", ".edit-depth"]
    hidden += [] if "activation" in controls else [".edit-activation"]
    if hidden:
        st.html(f"<style>{', '.join(hidden)} {{ display: none !important; }}</style>")


def _warn(sentence: str) -> None:
    st.warning(as_markdown(sentence), icon=":material/link_off:")


def link_button(config: RunConfig | None, row: RunRow | None) -> None:
    """Draw the button that makes a link for a class out of the form, and of the run that is shown."""
    if st.button(
        "Copy link for a class",
        icon=":material/share:",
        type="tertiary",
        key="train_link",
        help="A link that opens this form for others, with the controls and the lesson that you choose.",
    ):
        _link(config, row)


@st.dialog("A link for a class")
def _link(config: RunConfig | None, row: RunRow | None) -> None:
    # Only here: whoever opens the page should not wait for what most never use.
    from engine.lessons.lesson import Lesson
    from engine.lessons.reading import read_lessons

    controls = st.multiselect(
        "Controls that the class sees",
        NAMES,
        format_func=_name_of,
        placeholder="All of them",
        help="Every other control of the form is hidden. The settings below stay as they are now.",
        **kept("train_link_controls"),
    )
    titles = {each.slug: each.title for each in read_lessons() if isinstance(each, Lesson)}
    lesson = st.selectbox(
        "Lesson beside it",
        list(titles),
        index=None,
        format_func=lambda slug: str(titles.get(slug)),
        placeholder="None",
        **kept("train_link_lesson"),
    )
    with_run = row is not None and st.toggle(
        f"Open run {row.id}",
        help="The class sees this run first. It has to be in the store that the class opens.",
        **kept("train_link_run"),
    )
    if config is None:
        st.caption("The settings of the form must be right first.")
        return
    settings = changed_settings(config)
    if config.dataset == TABLE:
        st.caption("A link cannot hold a table of your own: let the class open a run on it.")
        settings = {}
    query = settings | ({CONTROLS: ",".join(controls)} if controls else {})
    query |= {LESSON: lesson} if lesson else {}
    query |= {"run": str(row.id)} if with_run and row is not None else {}
    link = link_to_train(st.context.url or "", query)
    st.code(link, language=None, wrap_lines=True)
    st.caption("The button at its right end copies it.")
    if urlsplit(link).hostname in LOCAL:
        st.caption(
            "This address opens on this machine alone. For others put its name or address in the place of "
            f"{urlsplit(link).hostname}, and start the dashboard so that it can be reached."
        )


def _name_of(name: str) -> str:
    return "Preset" if name == PRESET else label_of(name)


def link_to_train(address: str, query: Mapping[str, str]) -> str:
    """Return the address of Train with a query, from that of any page of the same server."""
    parts = urlsplit(address)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/train", urlencode(query, safe=",:"), ""))
