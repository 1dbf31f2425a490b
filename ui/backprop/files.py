"""The step as a script, to download."""

from collections.abc import Callable

import streamlit as st

from engine.config import ConfigError
from engine.explain.frameworks import FRAMEWORKS, Framework
from engine.explain.step import ExplainedStep
from engine.store.moments import moment_of
from engine.store.row import RunRow
from engine.store.store import Store


def download_buttons(store: Store, row: RunRow, number: int, chosen: int | None) -> None:
    """Draw the buttons that write the step as a script once they are pressed."""
    st.subheader("The step as code")
    st.caption(
        "A script that runs alone, with weights and batch of this step, and prints its loss, the norm of its "
        "gradient, and the loss of the same rows afterwards."
    )
    with st.container(horizontal=True, gap="small"):
        for name, framework in FRAMEWORKS.items():
            st.download_button(
                f"{framework.title} script",
                _writer(store, row, number, chosen, framework),
                file_name=f"run{row.id}_step{number}_{name}.py",
                mime="text/x-python",
                icon=":material/download:",
                key=f"backprop_{name}",
                on_click="ignore",
            )


def _writer(
    store: Store, row: RunRow, number: int, chosen: int | None, framework: Framework
) -> Callable[[], str]:
    def write() -> str:
        moment = moment_of(store, row.id, number)
        step = ExplainedStep(moment.config, moment.dataset, moment.state, chosen)
        try:
            return framework.write(step, f" of run {row.id}")
        except ConfigError as error:  # in place of the script: a download cannot be refused any more
            return f"# {error}\n"

    return write
