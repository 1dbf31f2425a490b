"""Writes what the stage is sent: its own header, the frames of its run and its charts."""

import json
from collections.abc import Sequence
from typing import Any

from ui.live_chart.cards import ChartCard, cards_message, resent
from ui.live_chart.message import framed
from ui.replay.message import message

Sent = dict[str, Any]


def stage_message(
    header: dict[str, Any], frames: dict[str, Any] | None, cards: Sequence[ChartCard], sent: Sent
) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Equal calls give equal bytes in the end: what is known is named only.

    Parameters
    ----------
    header : dict
        What the stage shows, as plain values; frames that are held count only while its ``identity`` stays.
    frames : dict or None
        Of one run, as :func:`ui.replay.message.message` takes them; None before the first one.
    cards : sequence of ChartCard
        The charts beside them.
    sent : dict
        What this function returned for the previous message, or what :func:`stage_resent` made of it.
    """
    runs = [] if frames is None else [frames]
    moving, held_frames = message({"identity": header["identity"]}, runs, sent.get("frames", {}))
    charts, held_charts = cards_message({}, cards, sent.get("charts", {}))
    moving += bytes(-len(moving) % 8)
    text = json.dumps({**header, "sizes": [len(moving), len(charts)]}, allow_nan=False, separators=(",", ":"))
    return framed(text, [moving, charts]), {"frames": held_frames, "charts": held_charts}


def stage_resent(sent: Sent) -> Sent:
    """Return what makes the next message a whole one."""
    return {"frames": {}, "charts": resent(sent.get("charts", {}))}
