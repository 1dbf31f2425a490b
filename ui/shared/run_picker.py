"""Which run a page shows: the one that the address names, picked from a list."""

import re
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from engine.store.row import RunRow
from engine.store.runs import NoSuchRun, get_run, list_runs
from engine.store.store import Store
from ui.shared.text import as_markdown, described, visible, when

RUN_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
LISTED_AT_MOST = 200
ASKED_AT_MOST = 50
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
}


def asked_runs(store: Store, parameter: str) -> tuple[list[RunRow], list[str]]:
    """Return the runs that the address names, and a sentence for each part of it that names none.

    ``?run=7`` and ``?runs=3,7,9``: ids only. Whatever else stands there is told, never guessed at.
    """
    parts = [part.strip() for text in st.query_params.get_all(parameter) for part in text.split(",")]
    found: dict[int, RunRow] = {}
    sentences = []
    for part in parts[:ASKED_AT_MOST]:
        try:
            if not RUN_ID.fullmatch(part):
                raise NoSuchRun(f"no such run: {visible(part, 40) or '(nothing)'}")
            row = get_run(store, int(part))
        except NoSuchRun as error:
            sentences.append(str(error))
        else:
            found[row.id] = row
    if len(parts) > ASKED_AT_MOST:
        sentences.append(f"at most {ASKED_AT_MOST} runs can be named, got {len(parts):,}")
    return list(found.values()), sentences


def chosen_run(store: Store, page: str) -> RunRow | None:
    """Draw the run picker of a page and return the run that the address names, or the newest one."""
    key = f"{page}_run"
    rows = list_runs(store, limit=LISTED_AT_MOST)
    asked, sentences = asked_runs(store, "run") if "run" in st.query_params else (rows[:1], [])
    if len(asked) > 1:
        asked, sentences = [], [f"one run can be shown here, got {len(asked)}; Compare shows several"]
    for sentence in sentences[:1]:
        st.warning(as_markdown(sentence), icon=":material/search_off:")
    chosen = asked[0] if asked else None
    options = {row.id: run_words(row) for row in [*rows, *asked]}
    if options:
        st.session_state[key] = chosen.id if chosen else None
        st.selectbox(
            "Run",
            sorted(options, reverse=True),
            index=None if chosen is None else 0,
            key=key,
            format_func=lambda run_id: options.get(run_id, str(run_id)),
            on_change=_go_to_picked_run,
            args=(key,),
            label_visibility="collapsed",
            placeholder="Choose a run",
            help="The run that is shown; its number stands in the address.",
        )
    return chosen


def _go_to_picked_run(key: str) -> None:
    picked = st.session_state[key]
    if picked is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = str(picked)


def run_words(row: RunRow) -> str:
    """Return a run in one line of plain text that stays the same while it trains."""
    name = f"{visible(row.name, 30)} · " if row.name else ""
    return f"#{row.id} · {name}{settings_words(row)} · {when(row.created_at)}"


def settings_words(row: RunRow) -> str:
    """Return what a run is in a few words, or that nobody knows."""
    return described(row.config) if row.has_settings else "settings not known"


def state_of(row: RunRow) -> str:
    """Return the status as people call it: a live run that waits for Resume is paused."""
    return "paused" if row.paused and row.status in ("queued", "running") else row.status


def show_badge(row: RunRow) -> None:
    """Show the status as a coloured word with a sign: never the colour alone."""
    state = state_of(row)
    colour, icon = BADGES[state]
    st.badge(state, icon=icon, color=colour)


def is_moving(rows: Sequence[RunRow]) -> bool:
    """Tell whether any of the runs may change without anybody asking."""
    return any(row.status in LIVE and (not row.paused or row.request) for row in rows)
