"""Says on the Train page why a run stands still, when nobody can write it down: a full disk, a held lock."""

import time

import streamlit as st

from engine.store.row import RunRow
from engine.store.standstill import beat_of, why_not_writable
from engine.store.store import Store

# More than twice the time in which a beat moves.
STILL_SECONDS = 5.0


def describe_standstill(store: Store, row: RunRow) -> str:
    """Return why nothing can be written for a run whose beat stands still, or nothing.

    The beat of a run that waits for a worker stands still, too: the worker may be waiting to claim it.
    """
    if row.status not in ("queued", "running") or row.paused:
        return ""
    beat, now = (row.id, beat_of(store, row.id)), time.monotonic()
    seen, since = st.session_state.get("train_beat", (None, now))
    if seen != beat:
        since = now
    st.session_state["train_beat"] = (beat, since)
    if now - since < STILL_SECONDS:
        return ""
    sentence = why_not_writable(store)
    return f"{sentence[0].upper()}{sentence[1:]}: training waits and goes on by itself" if sentence else ""
