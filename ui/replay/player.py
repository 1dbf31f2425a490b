"""Mounts the replay player on a page and remembers what each browser was sent."""

import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from engine.figures.theme import HIGH, LOW, PALETTE, WRONG, colours_apart, run_colour
from engine.store.row import RunRow
from engine.store.store import Store
from ui.live_chart.assets import FRAMING, Script
from ui.replay.frames_cache import ReplayFrames, frames_in_time
from ui.replay.message import message
from ui.shared.run_state import is_moving
from ui.shared.text import visible

HERE = Path(__file__).parent
# What draws the frames of a run, here and on the stage of the Train page.
DRAWING = [
    HERE / name
    for name in (
        "replay.css",
        "inbox.js",
        "controls.js",
        "clock.js",
        "frames.js",
        "paint.js",
        "plane.js",
        "outcomes.js",
        "edges.js",
        "graph.js",
        "plots.js",
        "panels.js",
    )
]
SCRIPT = Script("replay", [FRAMING, *DRAWING, HERE / "view.js", HERE / "player.js"])
COMPONENT = component(
    "backprop_lab_replay",
    html='<div class="replay"></div>',
    js=SCRIPT.loader,
    isolate_styles=False,
)
COLOURS = {"low": LOW, "high": HIGH, "wrong": WRONG, "classes": [pair[0] for pair in PALETTE]}
JUST_STARTED_SECONDS = 10.0
RUNS_AT_MOST = 2


def show_replay(store: Store, rows: Sequence[RunRow], key: str) -> None:
    """Show one or two runs in a player with one slider.

    Each call computes new frames for a bounded time and sends what the browser does not hold yet;
    :func:`ui.replay.frames_cache.pace_behind` tells whether to call again.

    Parameters
    ----------
    rows : sequence of RunRow
        The first two are shown.
    key : str
        Constant key of the player on its page.
    """
    shown, colours = [], colours_apart(row.id for row in rows)
    rows = rows[:RUNS_AT_MOST]
    for row, frames in zip(rows, frames_in_time(store, rows, key), strict=True):
        if frames["facts"]:
            title = f"Run {row.id}" + (f" · {visible(row.name, 30)}" if row.name else "")
            shown.append({**frames, "run": row.id, "title": title, "colour": colours[row.id]})
    if not shown:
        st.caption("No snapshots yet. The replay opens with the first one.")
        return
    identity = " ".join(str(frames["run"]) for frames in shown)
    _mount(key, shown, {"identity": identity, "live": is_moving(rows), "follows": plays_itself(rows)})


def show_frames(
    key: str, runs: Sequence[tuple[str, ReplayFrames]], identity: str, *, plays: bool = False
) -> None:
    """Show the frames of one or two networks that no store holds in a player with one slider.

    Parameters
    ----------
    key : str
        Constant key of the player on its page.
    runs : sequence of (str, dict)
        Title and frames of each.
    identity : str
        What is shown: while it stays equal, so does the place in time.
    plays : bool
        Whether it begins to play by itself.
    """
    shown = [
        {**frames, "run": number, "title": visible(title, 40), "colour": run_colour(number)}
        for number, (title, frames) in enumerate(runs, start=1)
    ]
    _mount(key, shown, {"identity": identity, "live": False, "follows": plays})


def resend_frames(key: str) -> None:
    """Have a player sent whole next time; a page calls it in each full run of its script."""
    st.session_state.pop(f"{key}_sent", None)


def _mount(key: str, shown: Sequence[ReplayFrames], header: ReplayFrames) -> None:
    header = {**header, "colours": COLOURS}
    blob, st.session_state[f"{key}_sent"] = message(header, shown, st.session_state.get(f"{key}_sent", {}))
    SCRIPT.serve()
    COMPONENT(key=key, data=blob, on_resend_change=lambda: resend_frames(key))


def plays_itself(rows: Sequence[RunRow]) -> bool:
    """Tell whether what is shown of runs begins to play: they move, or one was started just now."""
    since = time.time() - st.session_state.get("train_started_at", 0.0)
    return is_moving(rows) or since < JUST_STARTED_SECONDS


def replay_beside(store: Store, rows: Sequence[RunRow], key: str) -> None:
    """Show the first two of several runs in a player, and say so."""
    if len(rows) > RUNS_AT_MOST:
        st.caption(f"First {RUNS_AT_MOST} of {len(rows)} runs, on one slider.")
    show_replay(store, rows, key)
