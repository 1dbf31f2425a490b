"""The worked neuron of the Backprop page; its values stand in the address."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from engine.config import ConfigError
from engine.explain.neuron import Neuron
from engine.nn.activations import ACTIVATIONS
from ui.microscope import show_neuron
from ui.shared.addressed import Addressed, name_in_address, one_of, take_from_address

KEY = "backprop_neuron"
SEEN = "backprop_neuron_seen"
REFUSED = "backprop_neuron_refused"
DEFAULT = Neuron()


def show_neuron_view() -> None:
    """Show the neuron that the address describes, or the one of the textbooks."""
    choices = _choices()
    take_from_address(choices, SEEN)
    values = {each.parameter: st.session_state.get(each.key, each.default) for each in choices}
    try:
        neuron = Neuron(**values)
    except ConfigError as error:  # of an address: each number alone may be right
        st.session_state[REFUSED], neuron = str(error), DEFAULT
    show_neuron(KEY, neuron, _change, st.session_state.pop(REFUSED, ""))
    name_in_address(choices, SEEN)


def _choices() -> list[Addressed]:
    return [
        Addressed(each.name, f"{KEY}_{each.name}", each.default, _reader(each.name), _written)
        for each in fields(Neuron)
    ]


def _reader(name: str) -> Callable[[str], Any]:
    return one_of(tuple(ACTIVATIONS)) if name == "activation" else _number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number") from None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def _change(given: dict[str, Any]) -> None:
    """Take the values that were typed; one that is wrong leaves all as they are, and is said."""
    try:
        neuron = Neuron.from_text({each.name: given.get(each.name) for each in fields(Neuron)})
    except ConfigError as error:
        st.session_state[REFUSED] = str(error)
        return
    for each in fields(Neuron):
        st.session_state[f"{KEY}_{each.name}"] = getattr(neuron, each.name)
