"""Options of a comparison: metric, axes, smoothing, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import ConfigError
from engine.config.resolve import DataFacts
from engine.figures.bands import BANDS, Seeds, format_run_ids
from engine.figures.curves import AXES
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.runs import load_dataset, resolved_config
from engine.training.batches import Batches
from engine.training.telemetry import SCALARS
from ui.shared.addressed import Addressed, name_in_address, on_or_off, one_of, switch, take_from_address
from ui.shared.frame import page_store
from ui.shared.run_picker import RUN_ID
from ui.shared.widgets import choose_axis, kept

PAIRS = {
    "loss": ["train_loss", "val_loss"],
    "accuracy": ["train_accuracy", "val_accuracy"],
    "r2": ["train_r2", "val_r2"],
}
SEEN = "compare_address"


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
    outliers: bool

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


def comparison_options(
    rows: Sequence[RunRow],
    known: Sequence[str],
    groups: Sequence[Seeds],
    names: dict[int, str],
    view: DeltaGenerator,
) -> Options:
    """Draw the choices and return them; with groups of seeds also whether they are drawn as bands.

    They stand in the address, those that are not the default.

    Parameters
    ----------
    known : sequence of str
        What can be compared, from :func:`known_metrics`.
    names : dict
        What each run is called here.
    view : DeltaGenerator
        Where axes and bands are chosen.
    """
    choices = _choices(known, _usual_axis(rows), _usual_outliers(rows))
    take_from_address(choices, SEEN)
    if st.session_state.get("compare_metric") not in known:
        st.session_state["compare_metric"] = known[0]
    metric = st.selectbox(
        "Metric",
        known,
        format_func=lambda name: name.replace("_", " "),
        help="loss, accuracy and r2 are shown on training and validation rows. "
        + "; ".join(f"{column.name}: {column.description}" for column in SCALARS[4:]),
        width=170,
        **kept("compare_metric"),
    )
    x = choose_axis(
        "compare_x",
        "step",
        with_samples=True,
        more=" Runs with different batch sizes are fairly compared over samples.",
    )
    smoothing = st.slider(
        "Smoothing",
        0.0,
        0.99,
        step=0.01,
        width=140,
        help="Exponential moving average over the x axis, corrected for its start: what is left of the past "
        "after a two-hundredth of the chart's width, however often a run was recorded. The measured line "
        "stays, faint, with a band of its extremes. Exports are never smoothed.",
        **kept("compare_smoothing"),
    )
    is_band = bool(groups) and st.session_state.setdefault("compare_bands", True)
    baseline = _baseline(rows, groups if is_band else (), names)
    with view:
        log_x, log_y, outliers = _axes(baseline)
        band = _band() if groups else ""
    name_in_address(choices, SEEN)
    return Options(metric, x, smoothing, baseline, log_x, log_y and baseline is None, band, outliers)


def _choices(known: Sequence[str], axis: str, outliers: bool) -> list[Addressed]:
    return [
        Addressed("metric", "compare_metric", known[0], one_of(known)),
        Addressed("x", "compare_x", axis, one_of(list(AXES))),
        Addressed("smoothing", "compare_smoothing", 0.0, _weight, lambda value: f"{value:g}"),
        Addressed("baseline", "compare_baseline", None, _run),
        Addressed("log_x", "compare_log_x", False, switch, on_or_off),
        Addressed("log_y", "compare_log", False, switch, on_or_off),
        Addressed("outliers", "compare_outliers", outliers, switch, on_or_off),
        Addressed("bands", "compare_bands", True, switch, on_or_off),
        Addressed("band", "compare_band", "interval", one_of(list(BANDS))),
    ]


def _weight(text: str) -> float:
    try:
        value = round(float(text), 2)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 0.99:
        raise ValueError("a number from 0 to 0.99")
    return value


def _run(text: str) -> int:
    if not RUN_ID.fullmatch(text):
        raise ValueError("the number of a run")
    return int(text)


def _usual_axis(rows: Sequence[RunRow]) -> str:
    """Return the x axis to begin with, and take it as long as nobody has chosen another one."""
    sizes = {str(row.config["batch_size"]) if row.has_settings else "" for row in rows}
    return _usual("compare_x", "samples" if len(sizes) > 1 and "" not in sizes else "step")


def _usual_outliers(rows: Sequence[RunRow]) -> bool:
    """Return whether outliers are shown to begin with: beside a run that diverged others would be flat."""
    return _usual("compare_outliers", all(row.status != "diverged" for row in rows))


def _usual(key: str, usual: Any) -> Any:
    """Return what a widget begins with, and set it so as long as nobody has chosen anything else."""
    if st.session_state.get(key) in (None, st.session_state.get(f"{key}_usual")):
        st.session_state[key] = usual
    st.session_state[f"{key}_usual"] = usual
    return usual


def _axes(baseline: int | None) -> tuple[bool, bool, bool]:
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
    outliers = st.toggle(
        "Show outliers",
        help="Without them the y axis spans the middle 90 % of all points: a run that explodes no longer "
        "flattens the others. A double click on the chart shows all.",
        **kept("compare_outliers"),
    )
    return log_x, log_y, outliers


def _band() -> str:
    """Draw how seeds are shown; empty when each is a line of its own."""
    st.session_state.setdefault("compare_band", "interval")
    is_on = st.toggle(
        "Seeds as bands",
        help="Show runs that differ only in the seed as their mean with a band, and the single seeds faint.",
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


def _baseline(rows: Sequence[RunRow], groups: Sequence[Seeds], names: dict[int, str]) -> int | None:
    """Draw what the others are compared with; a group of seeds is named by its first run."""
    first = {run: group.first for group in groups for run in group.runs.values()}
    ids = [row.id for row in rows if first.get(row.id, row.id) == row.id]
    held = st.session_state.get("compare_baseline")
    if held in first:
        st.session_state["compare_baseline"] = first[held]
    if st.session_state.get("compare_baseline") not in ids:
        st.session_state["compare_baseline"] = None
    labels = {row.id: f"{row.id} {names.get(row.id, '')}".strip() for row in rows}
    labels |= {
        group.first: f"{format_run_ids(list(group.runs.values()))} {group.name}".strip() for group in groups
    }
    return st.selectbox(
        "Baseline",
        ids,
        index=None,
        key="compare_baseline",
        format_func=lambda run_id: labels.get(run_id, str(run_id)),
        placeholder="none",
        width=150,
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
    facts = _data_facts(row.dataset_id)
    try:
        batches = Batches.of(resolved_config(row, facts), facts.train_rows)
    except ConfigError:  # a plugin is missing: of what normalizes, all that could be known is stored
        size = facts.train_rows if row.config["batch_size"] == "full" else int(row.config["batch_size"])
        batches = Batches(facts.train_rows, size, row.config.get("last_batch", "keep"))
    return batches.seen(steps)


@st.cache_data(show_spinner=False, max_entries=500)
def _data_facts(dataset_id: str) -> DataFacts:
    """Return what a configuration must know of stored data; its id is that of its content."""
    return load_dataset(page_store(), dataset_id).facts
