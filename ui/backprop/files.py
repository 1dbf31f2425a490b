"""The step as a script, to download."""

import streamlit as st

from engine.config import ConfigError
from engine.explain.script import numpy_script
from engine.explain.step import ExplainedStep
from engine.store.moments import moment_of
from engine.store.row import RunRow
from engine.store.store import Store


def download_buttons(store: Store, row: RunRow, number: int, chosen: int | None) -> None:
    """Draw the buttons that write the step as a script once they are pressed."""

    def numpy() -> str:
        moment = moment_of(store, row.id, number)
        step = ExplainedStep(moment.config, moment.dataset, moment.state, chosen)
        try:
            return numpy_script(
                step,
                f"Step {number} of run {row.id}: predict, compare, trace back, adjust, with NumPy alone.",
            )
        except ConfigError as error:
            return f"# {error}\n"

    st.subheader("The step as code")
    st.caption("A script that runs alone, with weights and batch of this step, and prints the same numbers.")
    st.download_button(
        "NumPy script",
        numpy,
        file_name=f"run{row.id}_step{number}.py",
        mime="text/x-python",
        icon=":material/download:",
        key="backprop_numpy",
        on_click="ignore",
    )
