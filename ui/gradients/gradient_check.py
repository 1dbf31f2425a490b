"""Compares backpropagation with finite differences on a run's own network."""

import pandas as pd
import streamlit as st

from engine.analysis.gradient_check import ROWS, TOLERANCE, check_run
from engine.store.row import RunRow
from engine.store.runs import load_run
from engine.store.store import Store
from ui.shared.damage import says_damage
from ui.shared.text import format_short


@says_damage
def show_gradient_check(store: Store, row: RunRow) -> None:
    """Offer to check the gradients of a run's network, and show the verdict."""
    st.subheader("Gradient check")
    st.caption(
        "Compares backpropagation with finite differences: move a weight a little up and down, and see how "
        "the loss changes."
    )
    pressed = st.button(
        "Check gradients",
        icon=":material/fact_check:",
        key="gradients_check",
        disabled=not row.can_be_built,
        help=f"Central differences in float64 on {ROWS} rows, at the initial weights, without dropout.",
    )
    if pressed:
        with st.spinner("Checking gradients"):
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
            f"Gradients are correct: the largest relative error {where} is {format_short(worst)}; "
            f"{format_short(TOLERANCE)} is allowed.",
            icon=":material/check_circle:",
        )
    else:
        st.error(
            f"Gradients are wrong: the largest relative error {where} is {format_short(worst)}, in layer "
            f"{layer}; {format_short(TOLERANCE)} is allowed.",
            icon=":material/error:",
        )
    table = pd.DataFrame(found, columns=["layer", "largest relative error", "parameters checked"])
    st.dataframe(
        table,
        hide_index=True,
        width="content",
        column_config={"largest relative error": st.column_config.NumberColumn(format="%.1e")},
    )
