"""Mounts the microscope of one step on a page and remembers what each browser was sent."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.explain.facts import step_facts
from engine.explain.frameworks import FRAMEWORKS
from engine.explain.playback import played_back
from engine.explain.script import written_in_numpy
from engine.explain.step import ExplainedStep
from engine.training.state import State
from ui.live_chart.message import framed
from ui.microscope.scripts import script
from ui.replay.player import COLOURS
from ui.shared.text import visible

SCRIPT = script(
    "microscope", ("microscope.css", "walk.js", "graph.js", "arrays.js", "cards.js", "microscope.js")
)
COMPONENT = component(
    "backprop_lab_microscope",
    html='<div class="microscope" tabindex="0"></div>',
    js=SCRIPT.loader,
    isolate_styles=False,
)
# A script holds every weight as a number: beyond so many nobody reads it, and it is written on demand alone.
CODE_UP_TO = 3000


@dataclass(frozen=True)
class StepView:
    """A step as the browser is sent it.

    Attributes
    ----------
    header : dict
        Facts, calls, units, edges, code: plain values.
    blob : bytes
        The arrays, one behind the other.
    """

    header: dict[str, Any]
    blob: bytes


def step_view(config: RunConfig, dataset: Dataset, state: State, row: int | None) -> StepView:
    """Play a step in the precision of the run, and return what is sent of it.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    state : State
        Before the update.
    row : int, optional
        The training row, from 0, that is the whole batch; without it the batch of the run's own step.

    Raises
    ------
    ConfigError
        When there is no such row, or batch norm has one row alone.
    """
    step = ExplainedStep(config, dataset, state, row, config.dtype)
    played = played_back(step)
    facts = step_facts(step, dataset)
    for name in ("inputs", "outputs"):
        facts[name] = [visible(each, 30) for each in facts[name]]
    arrays, parts, end = [], [], 0
    for each in played.arrays:
        content = each.astype(each.dtype.newbyteorder("<")).tobytes()
        arrays.append({"kind": f"f{each.dtype.itemsize}", "shape": list(each.shape), "offset": end})
        parts.append(content + bytes(-len(content) % 8))
        end += len(parts[-1])
    labels = [call.label for call in played.calls]
    code = _code(lambda: ExplainedStep(config, dataset, state, row), labels, facts["weights"])
    header = {"facts": facts, **played.plain, "arrays": arrays, **code, "step": state.step}
    return StepView(header, b"".join(parts))


def _code(step: Callable[[], ExplainedStep], labels: Sequence[str], weights: int) -> dict[str, Any]:
    """Return a step as code, by call and as a whole, and why there is none."""
    if weights > CODE_UP_TO:
        note = f"A script holds every weight, and {weights:,} are too many to read. It can be downloaded."
        return {"code": [], "script": "", "scriptNote": note, "torch": "", "torchNote": note}
    code: dict[str, Any] = {"code": [], "script": "", "scriptNote": "", "torch": "", "torchNote": ""}
    try:
        code["script"] = FRAMEWORKS["numpy"].write(step())
        code["code"] = [list(lines) for lines in written_in_numpy(step(), "", labels).lines]
    except ConfigError as error:  # a plugin's own words
        code["scriptNote"] = str(error)
    try:
        code["torch"] = FRAMEWORKS["pytorch"].write(step())
    except ConfigError as error:
        code["torchNote"] = str(error)
    return code


def show_step(
    key: str,
    view: StepView,
    identity: str,
    chain: Mapping[str, Any],
    pick: Callable[[dict[str, int]], None],
) -> None:
    """Show a step; what the browser holds already is not sent again.

    Parameters
    ----------
    key : str
        Constant key of the microscope on its page.
    identity : str
        Which step of what; the place in it stays while it does.
    chain : mapping
        Of the weight that is looked at: ``layer``, ``unit``, ``input``, and what
        :func:`engine.explain.chain.chain_data` returns.
    pick : callable
        Called with ``layer``, ``unit`` and ``input`` of another weight.
    """
    is_held = st.session_state.get(f"{key}_sent") == identity
    header = {"identity": identity, "colours": COLOURS, "chain": dict(chain)}
    if not is_held:
        header |= {"whole": True, **view.header}
    SCRIPT.serve()
    st.session_state[f"{key}_sent"] = identity

    def picked() -> None:
        if chosen := st.session_state[key].get("picked"):
            pick({name: int(chosen[name]) for name in ("layer", "unit", "input")})

    COMPONENT(
        key=key,
        data=framed(json.dumps(_finite(header), separators=(",", ":")), [] if is_held else [view.blob]),
        on_resend_change=lambda: st.session_state.pop(f"{key}_sent", None),
        on_picked_change=picked,
    )


def _finite(value: Any) -> Any:
    """Return plain values with None for numbers that JSON does not know."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and value - value != 0 else value
