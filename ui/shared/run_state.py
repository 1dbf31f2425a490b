"""A run in a line, its state as a badge, and whether it may still change."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from engine.store.row import RunRow
from ui.shared.text import describe_settings, visible, when

LIVE = ("queued", "running", "interrupted")
BADGES: dict[str, tuple[Literal["gray", "green", "orange", "blue", "red"], str]] = {
    "queued": ("gray", ":material/hourglass_empty:"),
    "running": ("green", ":material/directions_run:"),
    "paused": ("orange", ":material/pause_circle:"),
    "interrupted": ("orange", ":material/power_off:"),
    "finished": ("blue", ":material/check_circle:"),
    "stopped": ("gray", ":material/stop_circle:"),
    "diverged": ("red", ":material/warning:"),
    "failed": ("red", ":material/error:"),
    "imported": ("gray", ":material/input:"),
    "damaged": ("red", ":material/broken_image:"),
}


def describe_run(row: RunRow) -> str:
    """Return a run in one line of plain text that stays the same while it trains."""
    name = f"{visible(row.name, 30)} · " if row.name else ""
    return f"#{row.id} · {name}{settings_of(row)} · {when(row.created_at)}"


def settings_of(row: RunRow) -> str:
    """Return the main settings of a run, or that they are unknown."""
    return describe_settings(row.config) if row.has_settings else "settings unknown"


def state_of(row: RunRow) -> str:
    """Return the status as people call it: a live run that waits for Resume is paused."""
    return row.state


def show_badge(row: RunRow) -> None:
    """Show the status as a coloured word with an icon: never the colour alone."""
    state = state_of(row)
    colour, icon = BADGES[state]
    st.badge(state, icon=icon, color=colour)


def is_moving(rows: Sequence[RunRow]) -> bool:
    """Tell whether any of the runs may change without anybody asking."""
    return any(row.status in LIVE and (not row.paused or row.request) for row in rows)
