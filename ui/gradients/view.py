"""The layers of one run, or of two side by side."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from engine.analysis.profile import layer_parts, weights_over_time
from engine.store.row import RunRow
from engine.store.runs import get_run, load_run
from engine.store.snapshots import snapshot_steps
from engine.store.store import Store
from ui.gradients.histograms import gradient_counts, parameters_by_step, shown_steps
from ui.gradients.panels import (
    Clouds,
    LayerView,
    Panel,
    at_one_step,
    clipped,
    inside_a_layer,
    over_time,
)
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.shared.cache import series_of
from ui.shared.damage import says_damage
from ui.shared.frame import page_store
from ui.shared.run_state import is_moving, show_badge
from ui.shared.text import as_markdown
from ui.shared.transport import keep_workers
from ui.shared.widgets import choose_axis, kept

PACE = 1.0
SECTIONS = {
    "time": ("lines", "heat", "ratio", "units"),
    "step": ("flow", "activations"),
    "clouds": ("gradients", "weights"),
    "clipping": ("clipping",),
}
CHARTS = {
    section: [[f"gradients_{name}_chart{side}" for name in names] for side in ("", "_second")]
    for section, names in SECTIONS.items()
}


def show_gradients(rows: Sequence[RunRow]) -> None:
    """Show the layers of one or two runs, and go on showing them while one of them moves."""
    resend_all(*(_key(section) for section in SECTIONS))
    pace = PACE if is_moving(rows) else None
    st.fragment(_layers, run_every=pace)([row.id for row in rows], pace)


@says_damage
def _layers(run_ids: list[int], pace: float | None) -> None:
    store = page_store()
    rows = [get_run(store, run_id) for run_id in run_ids]
    for row in rows:
        keep_workers(store, row)
    _states(rows)
    x, numbers = _options(rows)
    views = [_view(store, row, numbers) for row in rows]
    states = tuple(
        (row.id, row.step, row.status, len(view.series)) for row, view in zip(rows, views, strict=True)
    )
    _section("time", (states, x, tuple(numbers)), rows, lambda: over_time(views, x))
    st.subheader("At one step")
    step = _step_slider(rows)
    _section("step", (states, step, tuple(numbers)), rows, lambda: at_one_step(views, step))
    st.subheader("Inside one layer")
    layer = _layer_slider(rows)
    steps_of = [shown_steps(snapshot_steps(store, row.id)) for row in rows]
    missing = next((row.missing_plugin for row in rows if row.missing_plugin), "")
    if missing:
        st.caption(as_markdown(missing))
    elif all(steps_of):
        newest = tuple((row.id, steps[-1], len(steps)) for row, steps in zip(rows, steps_of, strict=True))
        _section("clouds", (newest, layer, x), rows, lambda: _clouds(store, views, steps_of, layer, x))
    else:
        st.caption("No snapshot of the weights yet.")
    st.subheader("Clipping")
    _section("clipping", (states, x), rows, lambda: clipped(views, x))
    if (PACE if is_moving(rows) else None) != pace:
        st.rerun()


def _states(rows: Sequence[RunRow]) -> None:
    for column, row in zip(st.columns(len(rows), gap="medium"), rows, strict=True):
        with column.container(horizontal=True, vertical_alignment="center", gap="small"):
            show_badge(row)
            st.caption(
                f"Run {row.id} · epoch {row.epoch:,.4g} of {row.config['epochs']:,} · step {row.step:,}"
                + (f" · diverged at step {row.step:,}" if row.status == "diverged" else "")
            )


def _options(rows: Sequence[RunRow]) -> tuple[str, list[int]]:
    deepest = max(_depth(row) for row in rows)
    chosen = [n for n in st.session_state.get("gradients_layers", []) if n <= deepest]
    st.session_state["gradients_layers"] = chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="options_gradients"):
        x = choose_axis("gradients_x", "step")
        layers = st.multiselect(
            "Layers",
            range(1, deepest + 1),
            format_func=lambda number: f"layer {number}",
            label_visibility="collapsed",
            placeholder="All layers",
            help="Layers to show; layer 1 is next to the input. Empty: all.",
            width=420,
            **kept("gradients_layers"),
        )
    return x, sorted(layers)


def _depth(row: RunRow) -> int:
    return len(row.config["hidden_sizes"]) + 1


def _view(store: Store, row: RunRow, numbers: list[int]) -> LayerView:
    series = series_of(store, [row.id])[row.id]
    depth = series.layers.shape[1] or _depth(row)  # where the settings are damaged, the records know it
    shown = [number for number in numbers if number <= depth] or list(range(1, depth + 1))
    return LayerView(row, series, np.array(shown))


def _step_slider(rows: Sequence[RunRow]) -> int:
    last = max(1, *(row.last_step for row in rows))  # a slider has two ends
    held = st.session_state.get("gradients_step", last)
    st.session_state["gradients_step"] = held if held <= last and _same_runs(rows) else last
    return st.slider(
        "Step",
        0,
        last,
        help="Shows the last record up to this step; at the right end, the newest.",
        **kept("gradients_step"),
    )


def _same_runs(rows: Sequence[RunRow]) -> bool:
    """Tell whether the slider was last drawn for these runs; another run begins at its newest step."""
    ids = [row.id for row in rows]
    before = st.session_state.get("gradients_step_of")
    st.session_state["gradients_step_of"] = ids
    return before == ids


def _layer_slider(rows: Sequence[RunRow]) -> int:
    deepest = max(_depth(row) for row in rows)
    if deepest == 1:
        st.caption("The network has one layer.")
        return 1
    held = st.session_state.get("gradients_layer", 1)
    st.session_state["gradients_layer"] = min(held, deepest)
    return st.slider(
        "Layer",
        1,
        deepest,
        help="Layer of the histograms; layer 1 is next to the input. Gradients are recomputed from the "
        "stored snapshots on the fixed training rows, without dropout.",
        **kept("gradients_layer"),
    )


def _clouds(
    store: Store, views: Sequence[LayerView], steps_of: list[list[int]], layer: int, x: str
) -> list[list[Panel]]:
    clouds = []
    for view, steps in zip(views, steps_of, strict=True):
        thetas = parameters_by_step(store, view.row, steps)
        parts = layer_parts(*load_run(store, view.row.id))
        number = min(layer, len(parts))
        part = parts[number - 1]
        gradients = gradient_counts(store, view.row, thetas)[:, number - 1]
        edges, weights = weights_over_time(thetas, part)
        at = np.array(list(thetas))
        first, last = thetas[at[0]][part], thetas[at[-1]][part]
        clouds.append(Clouds(view.row, view.series, number, at, gradients, edges, weights, first, last))
    return inside_a_layer(clouds, x)


def _section(
    section: str, state: tuple[Any, ...], rows: Sequence[RunRow], draw: Callable[[], list[list[Panel]]]
) -> None:
    """Show a section's charts, run by run; they stay as they are while ``state`` stays the same."""
    panels = cache(draw)
    key = f"gradients_{section}_text"
    if st.session_state.get(key, [None])[0] != state:
        texts = [[(panel.title, panel.sentence) for panel in side] for side in panels()]
        st.session_state[key] = [state, texts]
    texts = st.session_state[key][1]

    def card(side: int, number: int) -> ChartCard:
        (title, sentence), row = texts[side][number], rows[side]
        alt = f"{title} of run {row.id}: {sentence}"
        identity = f"{row.id} {state[1:]}"
        chart = Chart(
            CHARTS[section][side][number], state, lambda: panels()[side][number].figure, identity, alt
        )
        return ChartCard(f"Run {row.id}: {title}" if len(rows) > 1 else title, [chart], sentence)

    cards = [card(side, number) for number in range(len(SECTIONS[section])) for side in range(len(rows))]
    show_cards(_key(section), cards, wide=min(2, len(cards)))


def _key(section: str) -> str:
    return f"gradients_{section}_cards"
