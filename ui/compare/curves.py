"""Curves of several runs on one chart, and their other charts side by side."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.exchange.export import layers_csv, metrics_csv
from engine.figures.bands import Seeds, colours_together, compare_seeds
from engine.figures.gradients import layer_heatmap
from engine.store.groups import SeedGroup, seed_groups
from engine.store.query import get_runs
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.telemetry import LAYER_INDEX
from ui.compare.options import Options, comparison_options, known_metrics, measured_columns, samples_seen
from ui.compare.tables import results_of, results_table, show_differences, show_results
from ui.compare.verdicts import show_verdicts
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.live_chart.encoding import EncodedFigure, encode_figure
from ui.replay import pace_behind, replay_beside
from ui.shared.cache import built_once, series_of, version
from ui.shared.frame import page_store
from ui.shared.layer_text import describe_flow_over_time
from ui.shared.output_figure import output_figure, scalars_frame
from ui.shared.run_state import is_moving, state_of
from ui.shared.run_text import describe_ranking, describe_score
from ui.shared.scores import chosen_scores
from ui.shared.seeds import banded
from ui.shared.text import visible

HEIGHT, SMALL_HEIGHT = 420, 300
SIDE_BY_SIDE_AT_MOST = 4
CURVES, PICTURES, PLAYER = "compare_curves", "compare_pictures", "compare_replay"
PACE = 1.0

Offer = tuple[list[str], list[Seeds]]


def show_comparison(store: Store, rows: Sequence[RunRow]) -> None:
    """Show the runs on one chart, and redraw them while one of them trains."""
    resend_all(CURVES, PICTURES)
    # What stays the same is not part of what is redrawn every second.
    _downloads(store, [row.id for row in rows])
    show_differences(store, rows)
    run_ids = [row.id for row in rows]
    offered = _offered(store, rows, series_of(store, run_ids), seed_groups(store, rows))
    options = comparison_options(rows, *offered)
    pace = _pace(rows)
    st.fragment(_overlay, run_every=pace)(run_ids, options, offered, pace)


def _pace(rows: Sequence[RunRow]) -> float | None:
    """Return the seconds between two looks at the runs; None when nothing can change."""
    return PACE if is_moving(rows) else pace_behind(PLAYER)


def _offered(
    store: Store, rows: Sequence[RunRow], series: dict[int, Series], groups: Sequence[SeedGroup]
) -> Offer:
    """Return what can be chosen: metrics that any run has, and groups that a band can be drawn of."""
    measured = [_measured(store, row.id, series[row.id]) for row in rows]
    return known_metrics(measured), banded(groups)


def _overlay(run_ids: list[int], options: Options, was_offered: Offer, pace: float | None) -> None:
    store = page_store()
    rows = get_runs(store, run_ids)
    if len(rows) < len(run_ids):
        st.rerun()
    series = series_of(store, run_ids)
    frames = {row.id: _frame(store, row, series[row.id]) for row in rows}
    groups = seed_groups(store, rows)
    versions = tuple((row.id, row.name, state_of(row), version(series[row.id])) for row in rows)
    offered = _offered(store, rows, series, groups)
    x, bands = options.x, offered[1] if options.band else []
    _show_curves(store, versions, frames, bands, options)
    colours = colours_together(bands, run_ids)
    if any(len(group.rows) > 1 for group in groups):
        st.subheader("Across seeds")
        show_verdicts(groups, options.baseline, colours)
    st.subheader("Current results" if is_moving(rows) else "Final results")
    scores = chosen_scores(store, rows)
    states = [(*at, row.step, row.seconds) for at, row in zip(versions, rows, strict=True)]
    key = (tuple(states), _score_items(scores), tuple(colours.items()), options.baseline)

    def table() -> pd.DataFrame:
        results = [
            _results(store, state, row, frames[row.id]) for state, row in zip(states, rows, strict=True)
        ]
        return results_table(results, scores, colours, options.baseline)

    show_results(built_once("results", store, key, table), options.baseline)
    st.subheader("Side by side")
    _side_by_side(store, rows, series, x if x != "samples" else "step")
    st.subheader("Replay")
    replay_beside(store, rows, PLAYER)
    if _pace(rows) != pace or offered != was_offered:
        st.rerun()


def _score_items(scores: dict[int, dict[str, float | None]]) -> tuple[object, ...]:
    return tuple((run, *values.items()) for run, values in scores.items())


def _results(store: Store, key: Hashable, row: RunRow, frame: pd.DataFrame) -> dict[str, Any]:
    return built_once("results of one", store, key, lambda: results_of(row, frame))


def _measured(store: Store, run_id: int, series: Series) -> set[str]:
    return built_once("measured", store, (run_id, version(series)), lambda: measured_columns(series))


def _frame(store: Store, row: RunRow, series: Series) -> pd.DataFrame:
    """Return the records of a run as the figures take them, with how many samples each step has seen."""

    def build() -> pd.DataFrame:
        return scalars_frame(series).assign(samples=samples_seen(row, series["step"]))

    return built_once("frame", store, (row.id, version(series)), build)


def _show_curves(
    store: Store,
    versions: tuple[tuple, ...],
    frames: dict[int, pd.DataFrame],
    bands: Sequence[Seeds],
    options: Options,
) -> None:
    run_ids = list(frames)
    grouped = tuple((tuple(band.runs.items()), band.name) for band in bands)
    state = (versions, grouped, astuple(options))

    def build() -> EncodedFigure:
        figure = compare_seeds(
            frames,
            bands,
            options.columns,
            x=options.x,
            log_x=options.log_x,
            log_y=options.log_y,
            smoothing=options.smoothing,
            baseline=options.baseline,
            band=options.band,
            height=HEIGHT,
            names={run: name for run, name, *_ in versions},
        )
        return encode_figure(figure)

    chart = Chart(
        "compare_chart",
        state,
        lambda: built_once("compare", store, state, build),
        f"{run_ids} {astuple(options)}",
        f"{options.metric} of runs {run_ids}",
    )
    sentence = describe_ranking(list(frames.items()), options.columns[-1])
    show_cards(CURVES, [ChartCard("", [chart], sentence)])


def _downloads(store: Store, run_ids: list[int]) -> None:
    stamp = "_".join(str(run_id) for run_id in run_ids[:10])
    with st.container(horizontal=True, vertical_alignment="center"):
        safe = bool(st.session_state.get("compare_spreadsheet"))
        st.download_button(
            "Metrics CSV",
            data=lambda: metrics_csv(store, run_ids, spreadsheet_safe=safe),
            file_name=f"metrics_runs_{stamp}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="compare_metrics_csv",
            on_click="ignore",
            help="Every record of the chosen runs, in full precision.",
        )
        st.download_button(
            "Layers CSV",
            data=lambda: layers_csv(store, run_ids, spreadsheet_safe=safe),
            file_name=f"layers_runs_{stamp}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="compare_layers_csv",
            on_click="ignore",
            help="The statistics of every layer at every record of the chosen runs.",
        )
        st.toggle(
            "For spreadsheets",
            key="compare_spreadsheet",
            help="Put an apostrophe before names that a spreadsheet would read as a formula.",
        )


def _side_by_side(store: Store, rows: Sequence[RunRow], series: dict[int, Series], x: str) -> None:
    shown = rows[:SIDE_BY_SIDE_AT_MOST]
    if len(rows) > len(shown):
        st.caption(f"First {len(shown)} of {len(rows)} runs.")
    cards = [_card(store, place, row, series[row.id], x) for place, row in enumerate(shown)]
    show_cards(PICTURES, cards, wide=len(cards))


def _card(store: Store, place: int, row: RunRow, series: Series, x: str) -> ChartCard:
    """Return the outputs of a run and its gradient norms; figures are built once a server."""
    state = (row.id, row.step, row.status, row.missing_plugin, version(series), x)
    norms = series.layers[:, :, LAYER_INDEX["grad_norm"]]

    def output() -> EncodedFigure:
        return encode_figure(
            output_figure(store, row, series, x=x, height=SMALL_HEIGHT)[1], moves=not row.ended
        )

    def heat() -> EncodedFigure:
        return encode_figure(
            layer_heatmap(series[x], norms, x_title=x, height=SMALL_HEIGHT), moves=not row.ended
        )

    def chart(name: str, build: Callable[[], EncodedFigure], alt: str) -> Chart:
        def once() -> EncodedFigure:
            return built_once(f"small {name}", store, state, build)

        return Chart(f"compare_{name}_{place}", state, once, f"{row.id} {x}", alt)

    charts = [chart("output", output, f"outputs of run {row.id}")]
    if len(norms):
        charts.append(chart("heat", heat, f"gradient norm by layer of run {row.id}"))
    title = f"Run {row.id}{' · ' if row.name else ''}{visible(row.name, 40)}"

    def sentence() -> str:
        return f"{describe_score(row)} {describe_flow_over_time(np.arange(1, norms.shape[1] + 1), norms)}"

    return ChartCard(title, charts, built_once("small text", store, state, sentence))
