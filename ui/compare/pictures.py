"""Outputs and gradients of the compared runs, side by side on one scale."""

from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np
import streamlit as st

from engine.figures.curves import AXES
from engine.figures.gradients import layer_heatmap
from engine.store.groups import SeedGroup, seed_groups
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.telemetry import LAYER_INDEX
from ui.live_chart import Chart, ChartCard, show_cards
from ui.live_chart.encoding import EncodedFigure, encode_figure
from ui.shared.cache import built_once, version
from ui.shared.layer_text import describe_flow_over_time
from ui.shared.output_figure import output_figure
from ui.shared.run_text import describe_score
from ui.shared.text import visible

SMALL_HEIGHT = 300
SIDE_BY_SIDE_AT_MOST = 4
PICTURES = "compare_pictures"


def side_by_side(store: Store, rows: Sequence[RunRow], series: dict[int, Series], x: str) -> None:
    """Show outputs and gradients of the first few runs, each in a card of its own.

    Parameters
    ----------
    x : str
        Of the gradients, a key of :data:`engine.figures.curves.AXES`.
    """
    shown = one_of_each(seed_groups(store, rows))[:SIDE_BY_SIDE_AT_MOST]
    if len(rows) > len(shown):
        st.caption(f"{len(shown)} of {len(rows)} runs, first one of each configuration.")
    cards = [_card(store, place, row, series[row.id], x) for place, row in enumerate(shown)]
    show_cards(PICTURES, cards, wide=len(cards))


def one_of_each(groups: Sequence[SeedGroup]) -> list[RunRow]:
    """Return the runs of groups, the first run of each group before any second one."""
    turns = zip_longest(*(group.rows for group in groups))
    return [row for turn in turns for row in turn if row is not None]


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
            layer_heatmap(series[x], norms, x_title=AXES[x], height=SMALL_HEIGHT), moves=not row.ended
        )

    def chart(name: str, build: Callable[[], EncodedFigure], alt: str, cursor: str = "") -> Chart:
        def once() -> EncodedFigure:
            return built_once(f"small {name}", store, state, build)

        return Chart(f"compare_{name}_{place}", state, once, f"{row.id} {x}", alt, cursor)

    charts = [chart("output", output, f"outputs of run {row.id}")]
    if len(norms):
        charts.append(chart("heat", heat, f"gradient norm by layer of run {row.id}", "line"))
    title = f"Run {row.id}{' · ' if row.name else ''}{visible(row.name, 40)}"

    def sentence() -> str:
        return f"{describe_score(row)} {describe_flow_over_time(np.arange(1, norms.shape[1] + 1), norms)}"

    return ChartCard(title, charts, built_once("small text", store, state, sentence))
