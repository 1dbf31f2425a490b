"""The right side of the Train page: one run, redrawn while it trains."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.figures.curves import AXES, loss_curves, mark_changes, mark_early_stop
from engine.figures.gradients import layer_heatmap, layer_lines
from engine.figures.theme import QUIET
from engine.store.interventions import read_changes
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.store import Store
from engine.training.interventions import Change
from engine.training.telemetry import LAYER_INDEX
from engine.workers.launcher import last_worker_error
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.live_chart.encoding import encode_figure
from ui.replay import pace_behind, show_replay
from ui.shared.cache import built_once, series_of, version
from ui.shared.frame import page_store
from ui.shared.layer_text import describe_flow_over_time, describe_norm_spread
from ui.shared.output_figure import output_figure, scalars_frame
from ui.shared.run_state import is_moving
from ui.shared.run_text import describe_loss, describe_score
from ui.shared.scores import fill_scores, scores_frame
from ui.shared.seeds import seeds_line
from ui.shared.transport import keep_workers, speed_control, transport
from ui.shared.widgets import choose_axis, kept
from ui.train.interventions import change_control, describe_change
from ui.train.metrics import baseline_line, metric_strip, status_line
from ui.train.mistakes import CARD as MISTAKES
from ui.train.mistakes import show_mistakes

CHARTS = ("train_loss_chart", "train_output_chart", "train_layers_chart", "train_heat_chart")
CARDS, PLAYER = "train_cards", "train_replay"
HEIGHT = 340
NAMED_LAYERS_AT_MOST = 5
QUICK_SECONDS = 5.0
FIRST_RECORD_SECONDS = 0.8
QUICK_PACE, PACE = 0.3, 1.0


def show_run(row: RunRow, bar: DeltaGenerator) -> None:
    """Show a run, and redraw it while it trains; its controls go into ``bar``."""
    resend_all(CARDS, MISTAKES)
    pace = _pace(row)
    st.fragment(_live, run_every=pace)(row.id, pace, bar)


def _pace(row: RunRow) -> float | None:
    """Return the seconds between two looks at a run: fewer at first, None when nothing can change."""
    since = time.time() - st.session_state.get("train_started_at", 0.0)
    if since < QUICK_SECONDS:
        return QUICK_PACE
    return PACE if is_moving([row]) else pace_behind(PLAYER)


def _live(run_id: int, pace: float | None, bar: DeltaGenerator) -> None:
    store = page_store()
    series = _first_records(store, run_id)
    row = get_run(store, run_id)
    keep_workers(store, row)
    with bar:
        transport(store, row)
        speed_control(store, row)
    status_line(row, last_worker_error(store.url))
    metric_strip(row, series)
    baseline_line(store, row)
    seeds_line(store, row)
    x, log_y = _options(store, row)
    log_y = log_y or row.status == "diverged"
    changes = [change for change, _ in read_changes(store, row.id)]
    missing = row.missing_plugin
    state = (run_id, row.name, version(series), row.step, row.status, missing, tuple(changes), x, log_y)
    pictures = built_once("train", store, state, lambda: _pictures(store, row, series, changes, x, log_y))
    show_cards(CARDS, [_card(key, state, picture, x, log_y) for key, picture in pictures.items()], wide=2)
    show_mistakes(store, row)
    frame = scores_frame(store, row)
    st.subheader("Replay")
    with st.container(border=True):
        show_replay(store, [row], PLAYER)
    fill_scores(frame, store, row)
    if _pace(row) != pace:
        st.rerun()


def _first_records(store: Store, run_id: int) -> Series:
    """Return the records of a run; one that was started just now is waited for, but hardly noticeably."""
    until = st.session_state.get("train_started_at", 0.0) + FIRST_RECORD_SECONDS
    while len(series := series_of(store, [run_id])[run_id]) == 0 and time.time() < until:
        time.sleep(0.02)
    return series


def _options(store: Store, row: RunRow) -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="train_options"):
        x = choose_axis("train_x", "epoch")
        log_y = st.toggle(
            "Log loss",
            help="Logarithmic y axis: shows small changes near zero.",
            **kept("train_log"),
        )
        change_control(store, row)
    return x, log_y


def _pictures(
    store: Store, row: RunRow, series: Series, changes: Sequence[Change], x: str, log_y: bool
) -> dict[str, dict[str, Any]]:
    """Return by chart its title, figure, name for screen readers, and a sentence on what it shows."""
    frame = scalars_frame(series)
    title, output = output_figure(store, row, series, x=x, height=HEIGHT)
    norms = series.layers[:, :, LAYER_INDEX["grad_norm"]]
    if norms.shape[1] == 0:
        norms = np.zeros((0, len(row.config["hidden_sizes"]) + 1))
    along, numbers = series[x], np.arange(1, norms.shape[1] + 1)
    losses = _with_batches(loss_curves(frame, x=x, log_y=log_y, height=HEIGHT), along, series["batch_loss"])
    if row.stopped_early:
        mark_early_stop(losses, frame, x)
    if len(series):
        places = np.interp([change.step for change in changes], series["step"], along).tolist()
        mark_changes(losses, places, [describe_change(change) for change in changes])
    lines = _named_at_the_ends(
        layer_lines(along, norms, title="gradient norm", x_title=AXES[x], height=HEIGHT)
    )
    heat = layer_heatmap(along, norms, title="gradient norm", x_title=AXES[x], height=HEIGHT)
    whole = (
        ("Loss", losses, f"loss of run {row.id}: training {row.train_loss}, validation {row.val_loss}"),
        (title, output, f"outputs of run {row.id}"),
        (
            "Gradient norm per layer",
            lines,
            f"gradient norm per layer of run {row.id}",
        ),
        ("Gradient norm heatmap", heat, f"gradient norm by layer and {x} of run {row.id}"),
    )
    sentences = (
        describe_loss(frame),
        describe_score(row),
        describe_norm_spread(numbers, norms),
        describe_flow_over_time(numbers, norms),
    )
    return {
        key: {
            "title": title,
            "encoded": encode_figure(figure, moves=not row.ended),
            "alt": alt,
            "sentence": sentence,
        }
        for key, (title, figure, alt), sentence in zip(CHARTS, whole, sentences, strict=True)
    }


def _named_at_the_ends(figure: Any) -> Any:
    """Leave only the first and the last of many layers in the legend: it would take the chart's room."""
    if len(figure.data) > NAMED_LAYERS_AT_MOST:
        figure.for_each_trace(lambda trace: trace.update(showlegend=False))
        figure.data[0].showlegend = figure.data[-1].showlegend = True
    return figure


def _with_batches(figure: Any, along: np.ndarray, losses: np.ndarray) -> Any:
    """Add the noisy loss of the batches, faint."""
    faint = {"mode": "lines", "name": "batch", "opacity": 0.3, "line": {"color": QUIET, "width": 1}}
    figure.add_scatter(x=along, y=losses, hoverinfo="skip", **faint)
    return figure


def _card(key: str, state: tuple[Any, ...], picture: dict[str, Any], x: str, log_y: bool) -> ChartCard:
    identity = f"{state[0]} {x} {log_y}"
    chart = Chart(key, state, lambda: picture["encoded"], identity, picture["alt"])
    return ChartCard(picture["title"], [chart], picture["sentence"])
