"""The step as a script, to download."""

from collections.abc import Callable

import streamlit as st

from engine.config import ConfigError
from engine.explain.script import numpy_script
from engine.explain.step import ExplainedStep
from engine.explain.torch_script import torch_script
from engine.store.moments import moment_of
from engine.store.row import RunRow
from engine.store.store import Store

WRITERS: dict[str, Callable[[ExplainedStep, str], str]] = {"NumPy": numpy_script, "PyTorch": torch_script}


def download_buttons(store: Store, row: RunRow, number: int, chosen: int | None) -> None:
    """Draw the buttons that write the step as a script once they are pressed."""
    st.subheader("The step as code")
    st.caption(
        "A script that runs alone, with weights and batch of this step, and prints its loss, the norm of its "
        "gradient, and the loss of the same rows afterwards."
    )
    with st.container(horizontal=True, gap="small"):
        for framework in WRITERS:
            st.download_button(
                f"{framework} script",
                _writer(store, row, number, chosen, framework),
                file_name=f"run{row.id}_step{number}_{framework.lower()}.py",
                mime="text/x-python",
                icon=":material/download:",
                key=f"backprop_{framework.lower()}",
                on_click="ignore",
            )


def _writer(store: Store, row: RunRow, number: int, chosen: int | None, framework: str) -> Callable[[], str]:
    def write() -> str:
        moment = moment_of(store, row.id, number)
        step = ExplainedStep(moment.config, moment.dataset, moment.state, chosen)
        try:
            return WRITERS[framework](step, f"Step {number} of run {row.id}, with {framework}.")
        except ConfigError as error:  # in place of the script: a download cannot be refused any more
            return f"# {error}\n"

    return write
