"""Backprop: the worked neuron, and any run's own step, instruction by instruction."""

import streamlit as st

from engine.codec import CodecError
from engine.config import ConfigError, parse_config
from ui.backprop.neuron import show_neuron_view
from ui.backprop.step import pick_step, show_run_step, take_weight
from ui.shared.frame import page_store
from ui.shared.text import as_markdown
from ui.shared.transport import launch
from ui.shared.widgets import empty_page, kept

VIEWS = {"neuron": "One neuron", "run": "A step of a run"}
EXAMPLE = {"hidden_sizes": [3, 2], "activation": "tanh", "epochs": 100, "seed": 1}
PLACE = ("run", "step", "row")


def train_example() -> None:
    """Train a network that is small enough to see every number."""
    st.query_params["run"] = str(launch(store, parse_config(EXAMPLE)))


def chosen_view() -> str:
    """Draw the choice between neuron and run, and keep the address with it."""
    if any(name in st.query_params for name in PLACE):
        st.session_state.setdefault("backprop_view", "run")
    st.session_state.setdefault("backprop_view", "neuron")
    return st.segmented_control(
        "View",
        list(VIEWS),
        required=True,
        format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
        on_change=change_address,
        **kept("backprop_view"),
    )


def change_address() -> None:
    """Take the place within a run out of the address while the neuron is shown, and put it back after."""
    if st.session_state["backprop_view"] == "neuron":
        st.session_state["backprop_place"] = {
            name: st.query_params[name] for name in PLACE if name in st.query_params
        }
        for name in PLACE:
            st.query_params.pop(name, None)
    else:
        st.query_params.update(st.session_state.get("backprop_place", {}))


store = page_store()
left, right = st.columns([1, 3], gap="small", vertical_alignment="bottom")
with left:
    view = chosen_view()
if view == "neuron":
    with right:
        st.caption("One input, one weight that learns, one target: predict, compare, trace back, adjust.")
    show_neuron_view()
else:
    try:
        with right:
            place = pick_step(store)
        if place is not None:
            take_weight()
            show_run_step(store, *place)
        elif "run" not in st.query_params and not st.session_state.get("backprop_run"):
            empty_page(
                "Take one training step apart",
                "Two inputs, three and two tanh units, one output: small enough to see every number.",
                "Train it",
                "backprop_example",
                train_example,
            )
    except (ConfigError, CodecError) as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
