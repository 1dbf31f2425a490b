"""Changes a run while it trains: its learning rate, or one weight."""

import json

import streamlit as st

from engine.config import ConfigError
from engine.config.settings import SETTINGS
from engine.store.interventions import ask_change, read_changes
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.interventions import LEARNING_RATE, WEIGHT, Change, weight_change
from ui.shared.run_picker import LIVE
from ui.shared.text import as_markdown


def change_words(change: Change) -> str:
    """Return a change in a few words."""
    if change.field == LEARNING_RATE:
        return f"rate {float(change.new):g}"
    wish = json.loads(change.new)
    source = f"input {wish['source']}" if wish["source"] else "bias"
    return f"layer {wish['layer']} unit {wish['unit']} {source} = {wish['value']:g}"


def change_control(store: Store, row: RunRow) -> None:
    """Draw what a run can be changed with while it trains; nothing of it is made before somebody looks."""
    is_live = row.status in LIVE
    panel = st.popover(
        "Change",
        icon=":material/edit:",
        disabled=not is_live,
        key="train_change",
        help="Change the learning rate or one weight of this run while it trains. The change is part of the "
        "run: resuming and reproducing repeat it exactly.",
        on_change="rerun",
    )
    if is_live and panel.open:
        with panel:
            _inputs(store, row)


def _inputs(store: Store, row: RunRow) -> None:
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
        on_click=_set_rate,
        args=(store, row.id),
        help="Train on at this rate from the next update.",
    )
    st.divider()
    layers = len(row.config["hidden_sizes"]) + 1
    with st.container(horizontal=True):
        st.number_input("Layer", 1, layers, key="train_weight_layer", help="1 on the input side.", width=110)
        st.number_input("Unit", 1, step=1, key="train_weight_unit", help="In that layer, from 1.", width=110)
        st.number_input(
            "From",
            0,
            step=1,
            key="train_weight_source",
            help="Input of the unit, from 1; 0 is its bias.",
            width=110,
        )
        st.number_input(
            "Weight",
            value=0.0,
            format="%g",
            key="train_weight_value",
            help="The weight's new value.",
            width=130,
        )
    st.button(
        "Set weight",
        key="train_set_weight",
        on_click=_set_weight,
        args=(store, row.id),
        help="Put this number in the weight's place before the next update; training goes on from there.",
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
