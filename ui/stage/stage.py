"""Mounts the stage on a page and remembers what each browser was sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from engine.analysis.layers import GOOD_RATIO
from ui.live_chart import note_plotly_failure, plotly_failed, plotly_url, show_plainly
from ui.live_chart.assets import FRAMING, Script
from ui.live_chart.cards import ChartCard
from ui.live_chart.chart import DRAWING as CHARTS
from ui.replay.player import COLOURS
from ui.replay.player import DRAWING as FRAMES
from ui.shared.text import format_short
from ui.stage.message import stage_message, stage_resent

HERE = Path(__file__).parent
PARTS = ("stage.css", "readout.js", "editing.js", "stage.js")
SCRIPT = Script("stage", [FRAMING, *CHARTS, *FRAMES, *(HERE / name for name in PARTS)])
COMPONENT = component(
    "backprop_lab_stage",
    html='<div class="stage"></div>',
    js=SCRIPT.loader,
    isolate_styles=False,
)


@dataclass(frozen=True)
class Choices:
    """What is chosen on the stage itself, and what there is to choose from.

    Attributes
    ----------
    axis : str
        One of ``axes``.
    axes : sequence of str
        ``epoch``, ``step``, ``seconds``.
    log_y : bool
        Whether the axis of the loss is logarithmic.
    strip : str
        What the layer strip shows: a key of ``strips``.
    strips : mapping of str to str
        Title by name of a layer statistic.
    """

    axis: str
    axes: Sequence[str]
    log_y: bool
    strip: str
    strips: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Stage:
    """What the stage shows.

    Attributes
    ----------
    identity : str
        What is shown; the cursor, zoom and hidden legend items stay while it does.
    frames : dict
        ``run``, ``facts``, ``layout``, ``steps``, ``epochs``, ``changes``, as
        :func:`ui.replay.frames_cache.cached_frames` returns them; ``facts`` is empty before the first frame.
    records : sequence of list
        For each frame what was recorded at its step: seconds, learning rate, gradient norm, update ratio;
        None where it was not.
    cards : sequence of ChartCard
        The loss, then the layer strip, one chart each.
    choices : Choices
    is_live, plays : bool
        Whether more follows; whether it plays itself from the start.
    of_epochs : int
        Planned epochs.
    layers : sequence of dict
        ``units`` and ``activation`` of each hidden layer, where the network can be edited.
    activations : sequence of str
        What a layer can be given.
    can_set_weights : bool
        Whether a weight that is set takes effect, because the run still trains.
    note : str
        What stands in place of charts while there are none.
    """

    identity: str
    frames: dict[str, Any]
    records: Sequence[list[float | None]]
    cards: Sequence[ChartCard]
    choices: Choices
    is_live: bool = False
    plays: bool = False
    of_epochs: int = 0
    layers: Sequence[dict[str, Any]] = field(default_factory=list)
    activations: Sequence[str] = ()
    can_set_weights: bool = False
    note: str = ""


def resend_stage(key: str) -> None:
    """Have the stage ``key`` sent whole next time; a page calls it in each full run of its script."""
    st.session_state[f"{key}_sent"] = stage_resent(st.session_state.get(f"{key}_sent", {}))


def show_stage(
    key: str,
    stage: Stage,
    choose: Callable[[str, Any], None],
    edit: Callable[[dict[str, Any]], None],
) -> None:
    """Show the stage, sending only what the browser does not hold yet.

    Parameters
    ----------
    key : str
        Constant key of the stage on its page.
    choose : callable
        Called with the name and the value of a choice that was made on the stage: ``axis``, ``log_y`` or
        ``strip``.
    edit : callable
        Called with ``{"layers": [...]}``, as in :class:`Stage`; ``{"weight": {...}}`` with ``layer``,
        ``unit``, ``source`` and ``value``; or ``{"explain": {...}}`` with the first three and ``step``.
    """
    has_plotly = not plotly_failed()
    entry = {**stage.frames, "title": "", "colour": "", "records": list(stage.records)}
    header = {
        "identity": stage.identity,
        "live": stage.is_live,
        "follows": stage.plays,
        "colours": COLOURS,
        "plotly": plotly_url(),
        "choices": {**vars(stage.choices), "strips": dict(stage.choices.strips)},
        "epochs": stage.of_epochs,
        "layers": list(stage.layers),
        "activations": list(stage.activations),
        "setsWeights": stage.can_set_weights,
        "note": stage.note,
        "goodRatio": " to ".join(map(format_short, GOOD_RATIO)),
    }
    blob, st.session_state[f"{key}_sent"] = stage_message(
        header,
        entry if stage.frames["facts"] else None,
        stage.cards if has_plotly else (),
        st.session_state.get(f"{key}_sent", {}),
    )
    SCRIPT.serve()

    def chosen() -> None:
        for name, value in (st.session_state[key].get("chosen") or {}).items():
            choose(name, value)

    def edited() -> None:
        if change := st.session_state[key].get("edited"):
            edit(change)

    COMPONENT(
        key=key,
        data=blob,
        on_resend_change=lambda: resend_stage(key),
        on_failed_change=note_plotly_failure,
        on_chosen_change=chosen,
        on_edited_change=edited,
    )
    if not has_plotly:
        show_plainly(key, stage.cards, 2)
        resend_stage(key)
