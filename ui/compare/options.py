"""Options of a comparison: metric, axes, smoothing, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine.figures.bands import BANDS, Seeds, format_run_ids
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.runs import load_dataset
from engine.training.telemetry import SCALARS
from ui.shared.frame import page_store
from ui.shared.run_state import describe_run
from ui.shared.widgets import choose_axis, kept

PAIRS = {
    "loss": ["train_loss", "val_loss"],
    "accuracy": ["train_accuracy", "val_accuracy"],
    "r2": ["train_r2", "val_r2"],
}


@dataclass(frozen=True)
class Options:
    """The choices; ``band`` is a key of :data:`engine.figures.bands.BANDS`, or empty for single lines."""

    metric: str
    x: str
    smoothing: float
    baseline: int | None
    log_x: bool
    log_y: bool
    band: str

    @property
    def columns(self) -> list[str]:
        """The columns of the metric."""
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
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = st.selectbox(
            "Metric",
            known,
            format_func=lambda name: (
                name.replace("_", " ") + (" (training and validation)" if name in PAIRS else "")
            ),
            help="; ".join(f"{column.name}: {column.description}" for column in SCALARS[4:]),
            width=280,
            **kept("compare_metric"),
        )
        x = choose_axis(
            "compare_x",
            "step",
            with_samples=True,
            more=" With different batch sizes, samples make the fair comparison.",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            step=0.01,
            width=170,
            help="Exponential moving average, corrected for its start: the share of the past in each point. "
            "The measured line stays, faint, with a band of its extremes. Exports are never smoothed.",
            **kept("compare_smoothing"),
        )
        band = _band() if groups else ""
        baseline = _baseline(rows, groups if band else ())
        log_x = st.toggle(
            "Log x",
            help="Logarithmic x axis: shows the beginning in detail, without step 0.",
            **kept("compare_log_x"),
        )
        log_y = st.toggle(
            "Log y",
            disabled=baseline is not None,
            help="Logarithmic y axis: shows small changes near zero. Not for differences.",
            **kept("compare_log"),
        )
    if x == "samples" and not all(row.has_settings for row in rows):
        st.caption("Samples are unknown for imported curves without settings.")
    return Options(metric, x, smoothing, baseline, log_x, log_y and baseline is None, band)


def _band() -> str:
    """Draw how seeds are shown; empty when each is a line of its own."""
    st.session_state.setdefault("compare_bands", True)
    st.session_state.setdefault("compare_band", "interval")
    is_on = st.toggle(
        "Seeds as bands",
        help="Show runs that differ only in the seed as their mean with a band.",
        **kept("compare_bands"),
    )
    band = st.selectbox(
        "Band",
        list(BANDS),
        format_func=BANDS.__getitem__,
        disabled=not is_on,
        width=215,
        help="The interval shows how certain the mean is: it narrows with more seeds. Lowest to highest "
        "shows how far single seeds stray.",
        **kept("compare_band"),
    )
    return band if is_on else ""


def _baseline(rows: Sequence[RunRow], groups: Sequence[Seeds]) -> int | None:
    """Draw what the others are compared with; a group of seeds is named by its first run."""
    first = {run: group.first for group in groups for run in group.runs.values()}
    ids = [row.id for row in rows if first.get(row.id, row.id) == row.id]
    held = st.session_state.get("compare_baseline")
    if held in first:
        st.session_state["compare_baseline"] = first[held]
    if st.session_state.get("compare_baseline") not in ids:
        st.session_state["compare_baseline"] = None
    labels = {row.id: describe_run(row) for row in rows}
    labels |= {
        group.first: f"runs {format_run_ids(list(group.runs.values()))} {group.name}" for group in groups
    }
    return st.selectbox(
        "Baseline",
        ids,
        index=None,
        key="compare_baseline",
        format_func=lambda run_id: labels.get(run_id, str(run_id)),
        placeholder="none",
        width=170,
        disabled=len(ids) < 2,
        help="Show the other runs as their difference from this one. Seeds are subtracted in pairs.",
    )


def _metrics() -> list[str]:
    paired = {column for columns in PAIRS.values() for column in columns}
    left_out = {"step", "epoch", "seconds", *paired}
    return [*PAIRS, *(column.name for column in SCALARS if column.name not in left_out)]


def samples_seen(row: RunRow, steps: np.ndarray) -> np.ndarray:
    """Return how many training rows were seen until each step; NaN where that is unknown."""
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
