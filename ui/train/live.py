"""The right side of the Train page: one run on the stage, redrawn while it trains."""

import time
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.store.interventions import read_changes
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.store import Store
from engine.workers.launcher import last_worker_error
from ui.live_chart import resend_all
from ui.replay.frames_cache import frames_in_time, pace_behind
from ui.replay.player import plays_itself
from ui.shared.assessment import assess_run
from ui.shared.cache import built_once, series_of, version
from ui.shared.frame import page_store
from ui.shared.output_figure import scalars_frame
from ui.shared.run_state import LIVE, is_moving
from ui.shared.scores import fill_scores, scores_frame
from ui.shared.seeds import seeds_line
from ui.shared.sight import in_sight
from ui.shared.transport import keep_workers, speed_control, transport
from ui.stage import Stage, resend_stage, show_stage
from ui.train.doors import mend_button
from ui.train.edits import apply_edit, begin_by_step
from ui.train.interventions import change_control
from ui.train.metrics import baseline_line, status_line
from ui.train.mistakes import CARD as MISTAKES
from ui.train.mistakes import show_mistakes
from ui.train.redrawn import redraw
from ui.train.run_stage import (
    activation_names,
    built_cards,
    cards_from,
    choices_of,
    choose,
    editable_layers,
    records_at,
)
from ui.train.standstill import describe_standstill

STAGE = "train_stage"
QUICK_SECONDS = 5.0
FIRST_RECORD_SECONDS = 0.8
QUICK_PACE, PACE = 0.3, 1.0
BELOW_HEIGHT = 300


def show_run(row: RunRow, bar: DeltaGenerator) -> None:
    """Show a run, and redraw it while it trains; its controls go into ``bar``."""
    resend_stage(STAGE)
    resend_all(MISTAKES)
    pace = _pace(row)
    redraw(_live, row.id, pace, bar, pace=pace)


def show_controls(store: Store, row: RunRow | None, bar: DeltaGenerator) -> None:
    """Draw what is done with a run that trains; without a run it stands there and waits for one."""
    with bar:
        transport(store, row, begin_by_step)
        speed_control(store, row)
        if row is not None:
            change_control(store, row)
            mend_button(store, row)


def _pace(row: RunRow) -> float | None:
    """Return the seconds between two looks at a run: fewer at first, None when nothing can change."""
    if _seconds_since_start() < QUICK_SECONDS:
        return QUICK_PACE
    if is_moving([row]):
        return PACE
    return pace_behind(STAGE)


def _seconds_since_start() -> float:
    return time.time() - st.session_state.get("train_started_at", 0.0)


def _live(run_id: int, pace: float | None, bar: DeltaGenerator) -> None:
    store = page_store()
    series = _first_records(store, run_id)
    row = get_run(store, run_id)
    keep_workers(store, row)
    show_controls(store, row, bar)
    status_line(row, last_worker_error(store.url), describe_standstill(store, row))
    show_stage(STAGE, _stage(store, row, series), choose, lambda change: apply_edit(store, row, change))
    seeds_line(store, row)
    baseline_line(store, row)
    if in_sight("train_below", BELOW_HEIGHT):
        show_mistakes(store, row)
        fill_scores(scores_frame(store, row), store, row)
    if _pace(row) != pace:
        st.rerun()


def _first_records(store: Store, run_id: int) -> Series:
    """Return the records of a run; one that was started just now is waited for, but hardly noticeably."""
    until = st.session_state.get("train_started_at", 0.0) + FIRST_RECORD_SECONDS
    while len(series := series_of(store, [run_id])[run_id]) == 0 and time.time() < until:
        time.sleep(0.02)
    return series


def _stage(store: Store, row: RunRow, series: Series) -> Stage:
    choices = choices_of(series, has_diverged=row.status == "diverged")
    changes = tuple(change for change, _ in read_changes(store, row.id))
    shown = (choices.axis, choices.log_y, choices.strip)
    state = (row.id, version(series), row.step, row.status, changes, *shown)
    identity, layers = f"run {row.id}", len(row.config["hidden_sizes"]) + 1
    about = {"changes": changes, "moves": not row.ended, "stopped_early": row.stopped_early}

    def build() -> dict[str, Any]:
        sentence = assess_run(store, row, scalars_frame(series)).sentence
        return built_cards(series, choices, layers, identity, sentence=sentence, **about)

    built = built_once("train", store, state, build)
    (frames,) = frames_in_time(store, [row], STAGE)
    return Stage(
        identity=identity,
        frames={**frames, "run": row.id},
        records=records_at(series, frames["steps"]),
        cards=cards_from(built, state, identity, choices),
        choices=choices,
        is_live=is_moving([row]),
        plays=plays_itself([row]),
        of_epochs=row.config.get("epochs", 0),
        layers=editable_layers(row.settings) if row.can_be_built else [],
        activations=activation_names() if row.can_be_built else [],
        can_set_weights=row.status in LIVE,
        note=why_not_drawn(row),
    )


def why_not_drawn(row: RunRow) -> str:
    """Say why there is no network to be seen, in every state in which there may be none."""
    if row.status == "imported":
        return "Only the curves of this run were imported: its network is not known."
    if row.missing_plugin or row.ended:
        return "There is nothing that this network could be drawn from."
    return "No snapshots yet. The network appears with the first one."
