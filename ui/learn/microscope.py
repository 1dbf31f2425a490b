"""A training step inside a lesson, under the microscope of the Backprop page."""

from typing import Any

import streamlit as st

from engine.config import ConfigError
from engine.explain.neuron import Neuron
from engine.lessons.checking import moment_of_step
from engine.lessons.lesson import Step
from ui.microscope import Look, look_at, show_neuron
from ui.shared.frame import page_store
from ui.shared.text import as_markdown


def show_step(key: str, step: Step) -> None:
    """Show the step of a block: of a neuron, whose values can be changed, or of a network.

    Parameters
    ----------
    key : str
        Constant key of the block.
    """
    try:
        if step.neuron:
            _show_neuron(key, step)
        else:
            _show_network(key, step)
    except ConfigError as error:
        st.warning(as_markdown(f"{step.place}: {error}"), icon=":material/report:")


def _show_neuron(key: str, step: Step) -> None:
    given = {**step.neuron, **st.session_state.get(f"{key}_values", {})}
    refused = st.session_state.pop(f"{key}_refused", "")
    show_neuron(key, Neuron.from_text(given), lambda changed: _keep(key, changed), refused)


def _keep(key: str, given: dict[str, Any]) -> None:
    try:
        Neuron.from_text(given)
    except ConfigError as error:
        st.session_state[f"{key}_refused"] = str(error)
        return
    st.session_state[f"{key}_values"] = given


def _show_network(key: str, step: Step) -> None:
    assert step.config is not None
    identity = ("lesson", step.config.model_dump_json(), step.step)
    look_at(key, page_store(), Look(identity, lambda: moment_of_step(step), step.row))
