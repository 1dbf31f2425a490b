"""Metrics of one run with sparklines, and its progress line."""

import time

import numpy as np
import streamlit as st

from engine.analysis.layers import GOOD_RATIO
from engine.store.baselines import baselines_of, read_baselines
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.run_state import LIVE, show_badge
from ui.shared.score_text import describe_baselines, score_format
from ui.shared.text import as_markdown, duration, format_short, number

SPARK_POINTS = 60
OBSERVATIONS = 6
TILE_WIDTH, TILE_HEIGHT = 152, 148


def metric_strip(row: RunRow, series: Series) -> None:
    """Show losses, gap, score, gradient norm and update ratio: newest value and sparkline."""
    score = "R²" if row.score_name == "r2" else "Accuracy"
    low, high = map(format_short, GOOD_RATIO)
    shown = (
        ("Training loss", "train_loss", number, "Loss on the training rows, without dropout."),
        ("Validation loss", "val_loss", number, "Loss on rows that the network does not train on."),
        (
            "Gap",
            "generalization_gap",
            number,
            "Validation loss minus training loss. Rising above 0: overfitting.",
        ),
        (score, f"val_{row.score_name}", score_format(row.score_name), f"{score} on the validation rows."),
        ("Gradient norm", "grad_norm", number, "Norm of the whole gradient, before clipping."),
        (
            "Update ratio",
            "update_ratio",
            number,
            f"Norm of the update over norm of the weights: {low} to {high} is good.",
        ),
    )
    with st.container(horizontal=True, gap="small", key="train_metrics"):
        for title, column, form, help_text in shown:
            values = series[column]
            values = values[np.isfinite(values)]
            last = float(values[-1]) if len(values) else None
            st.metric(
                title,
                form(last),
                help=help_text,
                border=True,
                chart_data=_spark(values),
                width=TILE_WIDTH,
                height=TILE_HEIGHT,
            )


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


def _spark(values: np.ndarray) -> list[float]:
    if len(values) < 2:
        return []
    kept = np.unique(np.linspace(0, len(values) - 1, SPARK_POINTS).round().astype(int))
    return values[kept].tolist()


def status_line(row: RunRow, worker_error: str = "") -> None:
    """Show badge, epoch, step, speed, time left, the message of the run, and an error of its worker."""
    rate = _steps_a_second(row)
    facts = [
        f"epoch {row.epoch:,.4g} of {row.config['epochs']:,}",
        f"step {row.step:,} of {row.total_steps:,}",
    ]
    if rate and row.status == "running" and not row.paused:
        facts.append(f"{rate:,.0f} steps/s")
        facts.append(f"about {duration((row.total_steps - row.step) / rate)} left")
    elif row.seconds:
        facts.append(f"{duration(row.seconds)} of training")
    if row.best_step is not None and row.best_val_loss is not None:
        facts.append(f"best validation loss {number(row.best_val_loss)} at step {row.best_step:,}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_badge(row)
        st.caption(" · ".join(facts))
    st.progress(row.done)
    if row.status == "queued" and not row.paused:
        st.caption(as_markdown(worker_error) or "Waiting for a worker.")
    if row.missing_plugin:
        st.warning(as_markdown(row.missing_plugin), icon=":material/extension_off:")
    if row.status == "interrupted":
        st.caption(
            "The worker of this run is gone. Another one takes over within seconds and continues exactly "
            "here."
        )
    if row.status == "diverged":
        st.warning(
            f"Diverged: the loss or a gradient became infinite or NaN at step {row.step:,}. "
            "Try a lower learning rate or gradient clipping.",
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
