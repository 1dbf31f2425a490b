"""What is edited on the stage: the network of the form, or one weight of a run that trains."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.config import ConfigError, RunConfig
from engine.store.interventions import ask_change
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.interventions import WEIGHT, weight_change
from ui.shared.form_state import DRAFT, fill_network
from ui.shared.transport import start_run

EDITED, READY = "train_edited", "train_ready"
EXPLAINED = "train_explained"


def apply_edit(store: Store, row: RunRow | None, change: dict[str, Any]) -> None:
    """Take an edit from the stage: layers go into the form, a weight to the run, or to the Backprop page.

    Parameters
    ----------
    row : RunRow or None
        What the stage shows, None for a network that was never trained.
    change : dict
        As :func:`ui.stage.show_stage` hands it on.
    """
    ask_whole_page()
    if "layers" in change:
        layers = change["layers"]
        fill_network([layer["units"] for layer in layers], [layer["activation"] for layer in layers])
        st.session_state[DRAFT] = row.id if row is not None else 0
    elif row is not None and "explain" in change:
        wanted = change["explain"]
        st.session_state[EXPLAINED] = {
            "run": str(row.id),
            "step": str(max(min(wanted["step"], row.step - 1), 0)),
            "weight": f"{wanted['layer']}-{wanted['unit']}-{wanted['source']}",
        }
    elif row is not None:
        weight = change["weight"]
        place = (weight["layer"], weight["unit"], weight["source"])
        try:
            ask_change(store, row.id, WEIGHT, weight_change(*place, weight["value"]))
        except ConfigError as error:
            st.session_state["train_refused"] = str(error)


def is_draft(row: RunRow | None) -> bool:
    """Tell whether the network was edited while this run, or none, was shown: the form's is drawn then."""
    return st.session_state.get(DRAFT) == (row.id if row is not None else 0)


def leave_draft() -> None:
    """Show the run again; the form keeps what was edited."""
    if st.session_state.pop(DRAFT, None) is not None:
        ask_whole_page()


def start(store: Store, config: RunConfig, *, by_step: bool = False) -> None:
    """Train what the form describes; ``by_step`` pauses after one epoch."""
    leave_draft()
    start_run(store, config, by_step=by_step)


def begin_by_step(store: Store) -> None:
    """Train one epoch of what the form describes, unless it describes nothing that can be trained."""
    config = st.session_state.get(READY)
    if config is not None:
        ask_whole_page()
        start(store, config, by_step=True)


def start_button(
    store: Store,
    config: RunConfig | None,
    key: str,
    begin: Callable[[Store, RunConfig], None],
    shortcut: str | None = None,
) -> None:
    """Draw the button that trains what the form describes; ``begin`` is called with that."""
    st.session_state[READY] = config
    st.button(
        "Start",
        icon=":material/play_arrow:",
        type="primary",
        key=key,
        shortcut=shortcut,
        on_click=begin,
        args=(store, config),
        disabled=config is None,
        width="stretch",
        help="Train a new run with the settings of the form.",
    )


def ask_whole_page() -> None:
    """Have the whole page run again, not only the stage that something was pressed in."""
    st.session_state[EDITED] = True


def take_edits() -> None:
    """Run the whole page again after an edit: the form and what stands beside it have changed.

    Where a weight is to be explained, that is another page.
    """
    if (place := st.session_state.pop(EXPLAINED, None)) is not None:
        st.session_state.pop(EDITED, None)
        st.session_state["backprop_view"] = "run"
        st.switch_page("pages/backprop.py", query_params=place)
    if st.session_state.pop(EDITED, False):
        st.rerun()
