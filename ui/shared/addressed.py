"""Choices that stand in a page's address: a refresh keeps them, and a shared link shows the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui.shared.text import as_markdown, visible

# Behind the key of a page: what it could not read, and the choices that stood when it said so.
REFUSED = "_refused"


@dataclass(frozen=True)
class Addressed:
    """A widget whose value the address names unless it is the default.

    Attributes
    ----------
    parameter : str
        Its name in the address.
    key : str
        Of the widget.
    default : object
    read : callable
        Returns the value that a text of the address stands for; raises ValueError with what was required.
    write : callable
        Returns the text of a value.
    """

    parameter: str
    key: str
    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Return what reads one of the names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return text

    return read


def switch(text: str) -> bool:
    """Read ``on`` or ``off``."""
    return one_of(("on", "off"))(text) == "on"


def on_or_off(value: bool) -> str:
    """Return how a switch stands in the address."""
    return "on" if value else "off"


def take_from_address(choices: Sequence[Addressed], seen: str) -> None:
    """Set the widgets to what the address says; call it before they are drawn.

    An address that is as this page left it says nothing new, and one that names no choice leaves those that
    the session holds. For what cannot be read its default is taken, and a sentence says so until the next
    choice: a page may run again at once without anybody asking.

    Parameters
    ----------
    seen : str
        Key of the session under which the page remembers how it left the address.
    """
    named = _named(choices)
    if named and named != st.session_state.get(seen):
        sentences = [sentence for choice in choices if (sentence := _take(choice, named))]
        st.session_state[seen + REFUSED] = {"sentences": sentences}
    for sentence in st.session_state.get(seen + REFUSED, {}).get("sentences", ()):
        st.warning(sentence, icon=":material/link_off:")


def _take(choice: Addressed, named: dict[str, str]) -> str:
    """Set one widget; return a sentence, as Markdown, where the address cannot be read."""
    st.session_state[choice.key] = choice.default
    if choice.parameter not in named:
        return ""
    text = named[choice.parameter]
    try:
        st.session_state[choice.key] = choice.read(text)
    except ValueError as error:
        return as_markdown(f"{choice.parameter} in the address must be {error}, got {visible(text, 40)}")
    return ""


def name_in_address(choices: Sequence[Addressed], seen: str) -> None:
    """Name in the address what differs from its default; call it after the widgets were drawn."""
    values = [st.session_state.get(choice.key, choice.default) for choice in choices]
    for choice, value in zip(choices, values, strict=True):
        if value is None or value == choice.default:
            st.query_params.pop(choice.parameter, None)
        elif st.query_params.get(choice.parameter) != choice.write(value):
            st.query_params[choice.parameter] = choice.write(value)
    st.session_state[seen] = _named(choices)
    if st.session_state.get(seen + REFUSED, {}).setdefault("values", values) != values:
        del st.session_state[seen + REFUSED]


def _named(choices: Sequence[Addressed]) -> dict[str, str]:
    parameters = [choice.parameter for choice in choices]
    return {name: st.query_params[name] for name in parameters if name in st.query_params}
