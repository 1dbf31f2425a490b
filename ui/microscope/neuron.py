"""Mounts the worked neuron on a page: the engine computes its steps, the browser goes through them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from engine.explain.neuron import Neuron, neuron_data
from engine.nn.activations import ACTIVATIONS
from ui.live_chart.message import framed
from ui.microscope.neuron_text import describe_outcome
from ui.microscope.scripts import script
from ui.replay.player import COLOURS

SCRIPT = script("neuron", ("neuron.css", "curve.js", "neuron.js"))
COMPONENT = component(
    "backprop_lab_neuron",
    html='<div class="neuron"></div>',
    js=SCRIPT.loader,
    isolate_styles=False,
)
# The neuron alone comes first: it is the one of the textbooks.
FIRST = "identity"


def show_neuron(
    key: str, neuron: Neuron, change: Callable[[dict[str, Any]], None] | None = None, refused: str = ""
) -> None:
    """Show the neuron.

    Parameters
    ----------
    key : str
        Constant key of the neuron on its page.
    change : callable, optional
        Called with all values when one of them was changed; without it they cannot be.
    refused : str
        Why what was asked for last is not shown.
    """
    found = neuron_data(neuron)
    values = asdict(neuron)
    header: Mapping[str, Any] = {
        "values": values,
        "identity": json.dumps([key, values]),
        "colours": COLOURS,
        "activations": [FIRST, *(name for name in ACTIVATIONS if name != FIRST)] if change else [],
        "sentence": describe_outcome(neuron, found),
        "refused": refused,
        **found,
    }
    SCRIPT.serve()

    def changed() -> None:
        if change and (chosen := st.session_state[key].get("values")):
            change(dict(chosen))

    COMPONENT(key=key, data=framed(json.dumps(header, separators=(",", ":")), []), on_values_change=changed)
