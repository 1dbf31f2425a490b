"""Options of a comparison: metric, axes, smoothing, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine.figures.bands import BANDS, Seeds, numbers_words
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.runs import load_dataset
from engine.training.telemetry import SCALARS
from ui.shared.frame import page_store
from ui.shared.run_picker import run_words

PAIRS = {
    "loss": ["train_loss", "val_loss"],
    "accuracy": ["train_accuracy", "val_accuracy"],
    "r2": ["train_r2", "val_r2"],
}
AXES = ("step", "epoch", "samples", "seconds")


@dataclass(frozen=True)
class Options:
    """What was chosen; ``band`` is a key of :data:`engine.figures.bands.BANDS`, or empty for single lines."""

    metric: str
    x: str
    smoothing: float
    baseline: int | None
    log_x: bool
    log_y: bool
    band: str

    @property
    def columns(self) -> list[str]:
        """The columns that the metric stands for."""
        return PAIRS.get(self.metric, [self.metric])


def measured_columns(series: Series) -> set[str]:
    """Return the columns that hold any number of a run."""
    return {column.name for column in SCALARS if np.isfinite(series[column.name]).any()}


def known_metrics(measured: Sequence[set[str]]) -> list[str]:
    """Return the metrics that any of several runs was measured by; ``measured`` are columns, run by run."""
    columns = set().union(*measured)
    return [name for name in _metrics() if columns.intersection(PAIRS.get(name, [name]))] or ["loss"]


def comparison_options(rows: Sequence[RunRow], known: Sequence[str], groups: Sequence[Seeds]) -> Options:
    """Draw the choices and return them; with groups of seeds also whether they are drawn as bands.

    Parameters
    ----------
    known : sequence of str
        What can be compared, from :func:`known_metrics`.
    """
    if st.session_state.get("compare_metric") not in known:
        st.session_state["compare_metric"] = known[0]
    st.session_state.setdefault("compare_x", "step")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = st.selectbox(
            "Metric",
            known,
            key="compare_metric",
            format_func=lambda name: (
                name.replace("_", " ") + (" (training and validation)" if name in PAIRS else "")
            ),
            help="; ".join(f"{column.name}: {column.description}" for column in SCALARS[4:]),
            width=280,
            persist_state="session",
        )
        x = st.segmented_control(
            "Over",
            AXES,
            required=True,
            key="compare_x",
            help="What the curves run over: optimizer steps, epochs, training rows seen, or seconds of "
            "training. With unlike batch sizes, samples are the fair comparison.",
            persist_state="session",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            step=0.01,
            key="compare_smoothing",
            width=170,
            help="Share of the past in each point (an exponential mean, free of bias at the start). The "
            "measured line stays, faint, with the band of its extremes. Never in exports.",
            persist_state="session",
        )
        band = _band() if groups else ""
        baseline = _baseline(rows, groups if band else ())
        log_x = st.toggle(
            "Log x",
            key="compare_log_x",
            help="Logarithmic axis: widens the beginning. Step 0 has no place on it.",
            persist_state="session",
        )
        log_y = st.toggle(
            "Log y",
            key="compare_log",
            disabled=baseline is not None,
            help="Logarithmic axis: shows what still happens near zero. Differences have none.",
            persist_state="session",
        )
    if x == "samples" and not all(row.has_settings for row in rows):
        st.caption("Of imported curves without settings nobody knows how many samples a step took.")
    return Options(metric, x or "step", smoothing, baseline, log_x, log_y and baseline is None, band)


def _band() -> str:
    """Draw how seeds are shown; empty when each is a line of its own."""
    st.session_state.setdefault("compare_bands", True)
    st.session_state.setdefault("compare_band", "interval")
    is_on = st.toggle(
        "Seeds as bands",
        key="compare_bands",
        help="Draw runs that differ in their seed alone as their mean, with a band around it.",
        persist_state="session",
    )
    band = st.selectbox(
        "Band",
        list(BANDS),
        key="compare_band",
        format_func=BANDS.__getitem__,
        disabled=not is_on,
        width=215,
        help="The interval says how sure the mean is: it narrows with more seeds. From lowest to highest "
        "says how far single seeds stray.",
        persist_state="session",
    )
    return band if is_on else ""


def _baseline(rows: Sequence[RunRow], groups: Sequence[Seeds]) -> int | None:
    """Draw what the others are held against; a group of seeds is named by its first run."""
    first = {run: group.first for group in groups for run in group.runs.values()}
    ids = [row.id for row in rows if first.get(row.id, row.id) == row.id]
    held = st.session_state.get("compare_baseline")
    if held in first:
        st.session_state["compare_baseline"] = first[held]
    if st.session_state.get("compare_baseline") not in ids:
        st.session_state["compare_baseline"] = None
    words = {row.id: run_words(row) for row in rows}
    words |= {
        group.first: f"runs {numbers_words(list(group.runs.values()))} {group.name}" for group in groups
    }
    return st.selectbox(
        "Baseline",
        ids,
        index=None,
        key="compare_baseline",
        format_func=lambda run_id: words.get(run_id, str(run_id)),
        placeholder="none",
        width=170,
        disabled=len(ids) < 2,
        help="Show the other runs by their difference from this one: below zero is less. Seeds are "
        "subtracted pair by pair.",
    )


def _metrics() -> list[str]:
    paired = {column for columns in PAIRS.values() for column in columns}
    left_out = {"step", "epoch", "seconds", *paired}
    return [*PAIRS, *(column.name for column in SCALARS if column.name not in left_out)]


def samples_seen(row: RunRow, steps: np.ndarray) -> np.ndarray:
    """Return how many training rows were looked at until each step; NaN where nobody knows."""
    if not row.has_settings or len(steps) == 0:
        return np.full(len(steps), np.nan)
    rows = _training_rows(row.dataset_id)
    batch = rows if row.config["batch_size"] == "full" else int(row.config["batch_size"])
    per_epoch = -(-rows // batch)
    return steps // per_epoch * rows + np.minimum(steps % per_epoch * batch, rows)


@st.cache_data(show_spinner=False, max_entries=500)
def _training_rows(dataset_id: str) -> int:
    """Return the number of training rows of stored data; its id is that of its content."""
    return len(load_dataset(page_store(), dataset_id).x_train)
