"""The state of one run in a line, and what simple methods reach on its data."""

import time

import streamlit as st

from engine.store.baselines import baselines_of, read_baselines
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.run_state import LIVE, show_badge
from ui.shared.score_text import describe_baselines, score_format
from ui.shared.text import as_markdown, duration, number

OBSERVATIONS = 6


def baseline_line(store: Store, row: RunRow) -> None:
    """Show the test score, and those of the baselines on the same rows where they were computed."""
    form = score_format(row.score_name)
    facts = [f"test score {form(row.test_score)}"] if row.test_score is not None else []
    scores = read_baselines(store, row.dataset_id)
    if scores:
        facts.append(f"baselines on the same validation rows: {describe_baselines(scores, row.score_name)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_baselines_line"):
        if facts:
            st.caption(" · ".join(facts))
        if not scores and row.ended and row.has_settings:
            _offer_baselines(store, row)


def _offer_baselines(store: Store, row: RunRow) -> None:
    pressed = st.button(
        "Compare with baselines",
        type="tertiary",
        icon=":material/straighten:",
        key="train_baselines",
        help="Scores a majority or mean guess, a linear model and gradient boosting on the same rows.",
    )
    if pressed:
        with st.spinner("Training the baselines"):
            baselines_of(store, row.dataset_id)
        st.rerun()


def status_line(row: RunRow, worker_error: str = "", standstill: str = "") -> None:
    """Show badge, step, speed, time left, message, an error of its worker, and what it waits for."""
    rate = _steps_a_second(row)
    facts = [f"step {row.step:,} of {row.total_steps:,}"]
    if rate and row.status == "running" and not row.paused:
        facts.append(f"{rate:,.0f} steps/s")
        facts.append(f"about {duration((row.total_steps - row.step) / rate)} left")
    elif row.seconds:
        facts.append(f"{duration(row.seconds)} of training")
    if row.best_step is not None and row.best_val_loss is not None and row.status != "diverged":
        facts.append(
            f"best evaluation: validation loss {number(row.best_val_loss)} at step {row.best_step:,}"
        )
    # In the same line: a line more would move everything below it.
    if standstill:
        facts.insert(0, as_markdown(standstill))
    elif row.status == "queued" and not row.paused:
        facts.insert(0, as_markdown(worker_error) or "waiting for a worker")
    elif row.status == "interrupted":
        facts.insert(0, "its worker is gone; another one continues exactly here within seconds")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_status"):
        show_badge(row)
        st.caption(" · ".join(facts))
    if row.missing_plugin:
        st.warning(as_markdown(row.missing_plugin), icon=":material/extension_off:")
    if row.status == "diverged":
        st.warning(
            f"Diverged: the loss or a gradient became infinite or NaN at step {row.step:,}. "
            "Try a lower learning rate or gradient clipping.",
            icon=":material/warning:",
        )
    elif row.message and row.status == "finished":
        st.info(as_markdown(f"{row.message[0].upper()}{row.message[1:]}."), icon=":material/info:")
    elif row.message and row.status not in LIVE and row.message not in (row.missing_plugin, row.status):
        st.warning(as_markdown(row.message), icon=":material/info:")


def _steps_a_second(row: RunRow) -> float | None:
    seen = st.session_state.get("train_seen", [])
    seen = [entry for entry in seen if entry[0] == row.id and entry[2] <= row.step]
    seen = [*seen, (row.id, time.monotonic(), row.step)][-OBSERVATIONS:]
    st.session_state["train_seen"] = seen
    (_, began, first), (_, now, last) = seen[0], seen[-1]
    return (last - first) / (now - began) if last > first else None
