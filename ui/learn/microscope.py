"""A training step inside a lesson: the one place that knows how it is shown."""

import streamlit as st

from engine.lessons.lesson import Step
from ui.shared.text import as_markdown, format_setting


def show_step(key: str, step: Step) -> None:
    """Show the step of a block: of a neuron, or of a network.

    Parameters
    ----------
    key : str
        Constant key of the block.
    """
    if step.neuron:
        values = ", ".join(f"{name} {format_setting(value)}" for name, value in step.neuron.items())
        st.markdown(as_markdown(f"One neuron: {values}."))
    else:
        st.markdown(f"Step {step.step}, training row {step.row}.")
    st.link_button("Open it in Backprop", "/backprop", icon=":material/biotech:")
