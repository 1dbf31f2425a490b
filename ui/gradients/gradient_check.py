"""Compares backpropagation with finite differences on a run's own network."""

import pandas as pd
import streamlit as st

from engine.analysis.gradient_check import ROWS, TOLERANCE, check_run
from engine.store.row import RunRow
from engine.store.runs import load_run
from engine.store.store import Store
from ui.gradients.text import few


def show_proof(store: Store, row: RunRow) -> None:
    """Offer to compare backpropagation with finite differences on a run's network, and show the verdict."""
    st.subheader("Is backpropagation right?")
    st.caption(
        "Nudge a weight a little up and a little down, see how the loss changes, and compare that slope with "
        "what the chain rule says."
    )
    pressed = st.button(
        "Check the gradients of this network",
        icon=":material/fact_check:",
        key="gradients_check",
        disabled=not row.can_be_built,
        help=f"Central differences in float64 on {ROWS} rows, at the run's first weights, dropout left out.",
    )
    if pressed:
        with st.spinner("Nudging weights"):
            checks, passed = check_run(*load_run(store, row.id))
        found = [(check.layer, check.largest_error, check.parameters_tried) for check in checks]
        st.session_state["gradients_checked"] = (row.id, found, passed)
    checked, found, passed = st.session_state.get("gradients_checked", (None, [], False))
    if checked != row.id:
        return
    worst, layer, _ = max((error, layer, tried) for layer, error, tried in found)
    count = sum(tried for _, _, tried in found)
    where = f"of {count:,} parameters in {len(found)} {'layer' if len(found) == 1 else 'layers'}"
    if passed:
        st.success(
            f"Yes: the largest relative error {where} is {few(worst)}; {few(TOLERANCE)} is allowed.",
            icon=":material/check_circle:",
        )
    else:
        st.error(
            f"No: the largest relative error {where} is {few(worst)}, in layer {layer}; {few(TOLERANCE)} is "
            "allowed.",
            icon=":material/error:",
        )
    table = pd.DataFrame(found, columns=["layer", "largest relative error", "parameters tried"])
    st.dataframe(
        table,
        hide_index=True,
        width="content",
        column_config={"largest relative error": st.column_config.NumberColumn(format="%.1e")},
    )
