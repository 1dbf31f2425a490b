"""Metrics of one run with sparklines, and its progress line."""

import time

import numpy as np
import streamlit as st

from engine.store.baselines import baselines_of, read_baselines
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.run_picker import LIVE, show_badge
from ui.shared.text import as_markdown, duration, number, percent

SPARK_POINTS = 60
OBSERVATIONS = 6
TILE_WIDTH, TILE_HEIGHT = 152, 148


def measure_strip(row: RunRow, series: Series) -> None:
    """Show losses, gap, score, gradient norm and update ratio: the newest value and how it came there."""
    score = "R²" if row.score_name == "r2" else "Accuracy"
    shown = (
        ("Training loss", "train_loss", number, "Loss on the training rows, dropout off."),
        ("Validation loss", "val_loss", number, "Loss on rows the network never trained on."),
        ("Gap", "generalization_gap", number, "Validation - training loss: growing above 0 is overfitting."),
        (score, f"val_{row.score_name}", _score(row), f"{score} on the validation rows."),
        ("Gradient norm", "grad_norm", number, "Length of the whole gradient, before clipping."),
        ("Update ratio", "update_ratio", number, "Step length over weight length: .002 to .02 is good."),
    )  # fmt: skip
    with st.container(horizontal=True, gap="small", key="train_measures"):
        for title, column, words, explained in shown:
            values = series[column]
            values = values[np.isfinite(values)]
            last = float(values[-1]) if len(values) else None
            st.metric(
                title,
                words(last),
                help=explained,
                border=True,
                chart_data=_spark(values),
                width=TILE_WIDTH,
                height=TILE_HEIGHT,
            )


def baseline_line(store: Store, row: RunRow) -> None:
    """Show the test score, and what simple methods reach on the same rows, where that was computed."""
    words = _score(row)
    facts = [f"test score {words(row.test_score)}"] if row.test_score is not None else []
    scores = read_baselines(store, row.dataset_id)
    if scores:
        facts.append(f"on the same validation rows: {baseline_words(scores, row.score_name)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_baselines_line"):
        if facts:
            st.caption(" · ".join(facts))
        if not scores and row.ended and row.has_settings:
            _offer_baselines(store, row)


def _offer_baselines(store: Store, row: RunRow) -> None:
    pressed = st.button(
        "What do simple methods reach?",
        type="tertiary",
        icon=":material/straighten:",
        key="train_baselines",
        help="Train guessing, a linear model and gradient boosting on the same rows: what the score stands "
        "against.",
    )
    if pressed:
        with st.spinner("Training simple methods on the same rows"):
            baselines_of(store, row.dataset_id)
        st.rerun()


def baseline_words(scores: dict[str, dict[str, float]], score_name: str, split: str = "val") -> str:
    """Return the scores of simple methods on one split in a line."""
    words = number if score_name == "r2" else percent
    return ", ".join(f"{name} {words(by_split[split])}" for name, by_split in scores.items())


def _score(row: RunRow):
    return number if row.score_name == "r2" else percent


def _spark(values: np.ndarray) -> list[float]:
    if len(values) < 2:
        return []
    kept = np.unique(np.linspace(0, len(values) - 1, SPARK_POINTS).round().astype(int))
    return values[kept].tolist()


def status_line(row: RunRow, trouble: str = "") -> None:
    """Show badge, epoch, step, speed, time left, what the run has to say, and trouble with its worker."""
    rate = _steps_a_second(row)
    facts = [
        f"epoch {row.epoch:,.4g} of {row.config['epochs']:,}",
        f"step {row.step:,} of {row.total_steps:,}",
    ]
    if rate and row.status == "running" and not row.paused:
        facts.append(f"{rate:,.0f} steps/s")
        facts.append(f"about {duration((row.total_steps - row.step) / rate)} left")
    elif row.seconds:
        facts.append(f"{duration(row.seconds) if row.seconds >= 1 else f'{row.seconds:.2f} s'} of training")
    if row.best_step is not None and row.best_val_loss is not None:
        facts.append(f"lowest validation loss {number(row.best_val_loss)} at step {row.best_step:,}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_badge(row)
        st.caption(" · ".join(facts))
    st.progress(row.done)
    if row.status == "queued" and not row.paused:
        st.caption(as_markdown(trouble) or "Waiting for a worker.")
    if row.missing_plugin:
        st.warning(as_markdown(row.missing_plugin), icon=":material/extension_off:")
    if row.status == "interrupted":
        st.caption("Its worker is gone; another one takes over within seconds and goes on exactly here.")
    if row.status == "diverged":
        st.warning(
            f"The loss or a gradient became infinite at step {row.step:,}. "
            "A lower learning rate or clipping helps.",
            icon=":material/warning:",
        )
    elif row.message and row.status == "finished":
        st.info(as_markdown(f"{row.message[0].upper()}{row.message[1:]}."), icon=":material/info:")
    elif row.message and row.status not in LIVE and row.message != row.missing_plugin:
        st.warning(as_markdown(row.message), icon=":material/info:")


def _steps_a_second(row: RunRow) -> float | None:
    seen = st.session_state.get("train_seen", [])
    seen = [entry for entry in seen if entry[0] == row.id and entry[2] <= row.step]
    seen = [*seen, (row.id, time.monotonic(), row.step)][-OBSERVATIONS:]
    st.session_state["train_seen"] = seen
    (_, began, first), (_, now, last) = seen[0], seen[-1]
    return (last - first) / (now - began) if last > first else None
