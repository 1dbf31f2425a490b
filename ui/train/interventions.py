"""Changes a run while it trains: its learning rate, or one weight."""

import json

import streamlit as st

from engine.config import ConfigError
from engine.config.settings import SETTINGS
from engine.store.interventions import ask_change, read_changes
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.interventions import LEARNING_RATE, WEIGHT, Change, weight_change
from ui.shared.run_state import LIVE
from ui.shared.text import as_markdown


def describe_change(change: Change) -> str:
    """Return a change in short."""
    if change.field == LEARNING_RATE:
        return f"rate {float(change.new):g}"
    weight = json.loads(change.new)
    source = f"input {weight['source']}" if weight["source"] else "bias"
    return f"layer {weight['layer']} unit {weight['unit']} {source} = {weight['value']:g}"


def change_control(store: Store, row: RunRow) -> None:
    """Draw what changes a run while it trains; its widgets are made once the popover is open."""
    is_live = row.status in LIVE
    # Open, it stays so when the run ends: what was typed is not torn from under a hand.
    is_open = bool(st.session_state.get("train_change"))
    panel = st.popover(
        "Change",
        icon=":material/edit:",
        disabled=not (is_live or is_open),
        key="train_change",
        help="Change the learning rate or one weight while the run trains. The change is recorded: "
        "resuming and repeating the run apply it at the same step.",
        on_change="rerun",
    )
    if panel.open and (is_live or is_open):
        with panel:
            _inputs(store, row, is_live)
            if not is_live:
                st.caption("The run has ended: nothing here changes it any more.")


def _inputs(store: Store, row: RunRow, is_live: bool) -> None:
    st.number_input(
        "New learning rate",
        value=_rate(store, row),
        min_value=0.0,
        format="%g",
        key="train_new_rate",
        help=SETTINGS[LEARNING_RATE].help_text,
    )
    st.button(
        "Set rate",
        key="train_set_rate",
        disabled=not is_live,
        on_click=_set_rate,
        args=(store, row.id),
        help="Use this learning rate from the next update on.",
    )
    st.divider()
    layers = len(row.config["hidden_sizes"]) + 1
    with st.container(horizontal=True):
        st.number_input(
            "Layer", 1, layers, key="train_weight_layer", help="1 is next to the input.", width=110
        )
        st.number_input(
            "Unit", 1, step=1, key="train_weight_unit", help="Unit in that layer, from 1.", width=110
        )
        st.number_input(
            "From",
            0,
            step=1,
            key="train_weight_source",
            help="Input of the unit, from 1; 0 is the bias.",
            width=110,
        )
        st.number_input(
            "Weight",
            value=0.0,
            format="%g",
            key="train_weight_value",
            help="New value of the weight.",
            width=130,
        )
    st.button(
        "Set weight",
        key="train_set_weight",
        disabled=not is_live,
        on_click=_set_weight,
        args=(store, row.id),
        help="Set the weight before the next update; training continues from there.",
    )
    if refused := st.session_state.pop("train_change_refused", ""):
        st.error(as_markdown(refused))


def _rate(store: Store, row: RunRow) -> float:
    """Return the learning rate that was set last: by hand, or with the run."""
    rates = [change.new for change, _ in read_changes(store, row.id) if change.field == LEARNING_RATE]
    return float(rates[-1] if rates else row.config[LEARNING_RATE])


def _set_rate(store: Store, run_id: int) -> None:
    _ask(store, run_id, LEARNING_RATE, str(st.session_state["train_new_rate"]))


def _set_weight(store: Store, run_id: int) -> None:
    layer, unit, source = (st.session_state[f"train_weight_{part}"] for part in ("layer", "unit", "source"))
    _ask(store, run_id, WEIGHT, weight_change(layer, unit, source, st.session_state["train_weight_value"]))


def _ask(store: Store, run_id: int, field: str, new: str) -> None:
    try:
        ask_change(store, run_id, field, new)
    except ConfigError as error:
        st.session_state["train_change_refused"] = str(error)
