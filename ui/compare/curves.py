"""Curves of several runs on one chart, their results, and their other charts side by side."""

from collections.abc import Hashable, Sequence
from dataclasses import astuple
from typing import Any

import pandas as pd
import streamlit as st

from engine.analysis.comparable import why_incomparable
from engine.figures.bands import Seeds, compare_seeds, looks_together
from engine.figures.scale import leave_out_outliers
from engine.store.differences import Apart, runs_apart
from engine.store.groups import SeedGroup, known_settings, seed_groups
from engine.store.query import get_runs
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from ui.compare.chips import chips_of
from ui.compare.downloads import download_buttons
from ui.compare.options import Options, comparison_options, known_metrics, measured_columns, samples_seen
from ui.compare.picker import run_table
from ui.compare.pictures import PICTURES, side_by_side
from ui.compare.settings import settings_title, show_settings
from ui.compare.tables import results_of, results_table, show_results
from ui.compare.verdicts import show_verdicts
from ui.live_chart import Chart, ChartCard, Chip, resend_all, show_cards
from ui.live_chart.encoding import EncodedFigure, encode_figure
from ui.replay import pace_behind, replay_beside
from ui.shared.cache import built_once, series_of, version
from ui.shared.damage import says_damage
from ui.shared.difference_text import difference_names
from ui.shared.frame import page_store
from ui.shared.output_figure import scalars_frame
from ui.shared.run_state import is_moving, state_of
from ui.shared.run_text import describe_ranking
from ui.shared.scores import chosen_scores
from ui.shared.seeds import banded, other_seeds_button
from ui.shared.sight import in_sight, is_open

HEIGHT = 400
CURVES, PLAYER = "compare_curves", "compare_replay"
PACE = 1.0
BELOW_HEIGHT = 600
ROW_HEIGHT, TITLE_HEIGHT = 35, 150

Offer = tuple[list[str], list[Seeds]]


@says_damage
def show_comparison(store: Store, rows: Sequence[RunRow], listed: Sequence[RunRow]) -> None:
    """Show the runs on one chart, and redraw them while one of them trains.

    Parameters
    ----------
    listed : sequence of RunRow
        All runs that can be chosen.
    """
    resend_all(CURVES, PICTURES)
    run_ids = [row.id for row in rows]
    apart = runs_apart(store, rows)
    offered = _offered(store, rows, series_of(store, run_ids), seed_groups(store, rows), apart)
    # What stays the same is not part of what is redrawn every second.
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="options_compare"):
        # Without help: a tooltip above them would take the clicks that are meant for the menu.
        runs = st.popover("Choose runs", icon=":material/checklist:", **_lazy("runs"))
        view = st.popover("View", icon=":material/tune:")
        files = st.popover("Download", icon=":material/download:", **_lazy("files"))
        settings = st.popover(settings_title(apart), icon=":material/difference:", **_lazy("settings"))
        names = difference_names(apart, [[run] for run in run_ids])
        options = comparison_options(rows, *offered, dict(zip(run_ids, names, strict=True)), view)
    if is_open(runs):
        with runs:
            run_table(store, listed, run_ids)
            other_seeds_button(store, rows)  # below: it comes and goes, and no row may move under the pointer
    if is_open(settings):
        with settings:
            show_settings(rows, apart)
    if is_open(files):
        with files:
            download_buttons(store, run_ids)
    if options.x == "samples" and not all(row.has_settings for row in rows):
        st.caption("Samples are unknown for imported curves without settings.")
    pace = _pace(rows)
    st.fragment(_overlay, run_every=pace)(run_ids, options, offered, apart, pace)


def _lazy(name: str) -> dict[str, Any]:
    """Return the arguments of a button whose content is built once it is opened."""
    return {"key": f"compare_open_{name}", "on_change": "rerun"}


def _pace(rows: Sequence[RunRow]) -> float | None:
    """Return the seconds between two looks at the runs; None when nothing can change."""
    return PACE if is_moving(rows) else pace_behind(PLAYER)


def _offered(
    store: Store,
    rows: Sequence[RunRow],
    series: dict[int, Series],
    groups: Sequence[SeedGroup],
    apart: Apart,
) -> Offer:
    """Return what can be chosen: metrics that any run has, and groups that a band can be drawn of."""
    measured = [_measured(store, row.id, series[row.id]) for row in rows]
    return known_metrics(measured), banded(groups, apart)


@says_damage
def _overlay(
    run_ids: list[int], options: Options, was_offered: Offer, apart: Apart, pace: float | None
) -> None:
    store = page_store()
    rows = get_runs(store, run_ids)
    if len(rows) < len(run_ids):
        st.rerun()
    rows.sort(key=lambda row: run_ids.index(row.id))
    series = series_of(store, run_ids)
    frames = {row.id: _frame(store, row, series[row.id]) for row in rows}
    groups = seed_groups(store, rows)
    versions = tuple((row.id, row.name, state_of(row), version(series[row.id])) for row in rows)
    offered = _offered(store, rows, series, groups, apart)
    bands = offered[1] if options.band else []
    looks = looks_together(bands, run_ids)
    chips = chips_of(rows, bands, apart, looks)
    _show_curves(store, rows, versions, frames, bands, options, chips)
    if in_sight("compare_results", ROW_HEIGHT * len(rows) + TITLE_HEIGHT):
        colours = {run: colour for run, (colour, _) in looks.items()}
        if any(len(group.rows) > 1 for group in groups):
            st.subheader("Across seeds")
            show_verdicts(store, groups, apart, options.baseline, colours)
        _show_results(store, rows, versions, frames, colours, options.baseline)
    if in_sight("compare_below", BELOW_HEIGHT):
        st.subheader("Side by side")
        side_by_side(store, rows, series, options.x if options.x != "samples" else "step")
        st.subheader("Replay")
        replay_beside(store, rows, PLAYER)
    if _pace(rows) != pace or offered != was_offered:
        st.rerun()


def _show_results(
    store: Store,
    rows: Sequence[RunRow],
    versions: Sequence[tuple],
    frames: dict[int, pd.DataFrame],
    colours: dict[int, str],
    baseline: int | None,
) -> None:
    st.subheader("Current results" if is_moving(rows) else "Final results")
    scores = chosen_scores(store, rows)
    states = [(*at, row.step, row.seconds) for at, row in zip(versions, rows, strict=True)]
    key = (tuple(states), _score_items(scores), tuple(colours.items()), baseline)

    def table() -> pd.DataFrame:
        results = [
            _results(store, state, row, frames[row.id]) for state, row in zip(states, rows, strict=True)
        ]
        return results_table(results, scores, colours, baseline)

    show_results(built_once("results", store, key, table), baseline)


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
    rows: Sequence[RunRow],
    versions: tuple[tuple, ...],
    frames: dict[int, pd.DataFrame],
    bands: Sequence[Seeds],
    options: Options,
    chips: Sequence[Chip],
) -> None:
    run_ids = list(frames)
    grouped = tuple((tuple(band.runs.items()), band.name) for band in bands)
    names = {int(chip.group): chip.text for chip in chips}
    state = (versions, grouped, astuple(options), tuple(names.items()))

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
            names=names,
        )
        if not options.outliers:
            leave_out_outliers(figure)
        return encode_figure(figure)

    chart = Chart(
        "compare_chart",
        state,
        lambda: built_once("compare", store, state, build),
        f"{run_ids} {astuple(options)}",
        f"{options.metric} of runs {run_ids}",
        cursor="values",
    )
    column = options.columns[-1]
    reason = why_incomparable({row.id: known_settings(store, row) for row in rows}, column)
    sentence = describe_ranking(rows, frames, column, reason)
    key = ["solid: training, dashed: validation"] if len(options.columns) > 1 else []
    key += ["lines and values are smoothed"] if options.smoothing else []
    key += [] if options.outliers else ["outliers are outside the scale"]
    removed = show_cards(CURVES, [ChartCard("", [chart], sentence, chips, "; ".join(key))])
    if removed:
        gone = {
            int(removed),
            *(run for band in bands if str(band.first) == removed for run in band.runs.values()),
        }
        st.query_params["runs"] = ",".join(str(run) for run in run_ids if run not in gone)
        st.rerun()
