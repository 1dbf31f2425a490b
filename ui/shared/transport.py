"""Start, pause, step, stop and speed of a run."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec

import streamlit as st

from engine.config import ConfigError, RunConfig
from engine.store.fingerprint import other_plugins
from engine.store.row import RunRow
from engine.store.runs import reopen, request, set_speed
from engine.store.store import Store, StoreError
from engine.store.submit import submit, with_seeds
from engine.workers.launcher import ensure_workers
from ui.shared.prepared_data import dataset_of
from ui.shared.run_state import LIVE
from ui.shared.text import count
from ui.shared.widgets import kept

SPEEDS = ("1", "5", "20", "max")
# Wide enough for either word: what stands beside it must not move under a pointer that is just pressing it.
PAUSE_WIDTH = 116


Arguments = ParamSpec("Arguments")


def refusing(act: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Say beside the controls why something could not be done, such as that the store is locked."""

    @wraps(act)
    def done_or_refused(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            act(*args, **options)
        except (ConfigError, StoreError) as error:
            st.session_state["train_refused"] = str(error)

    return done_or_refused


@refusing
def start_run(store: Store, config: RunConfig, *, by_step: bool = False) -> None:
    """Launch a run at the chosen speed and name it in the address; other seeds follow at full speed.

    Parameters
    ----------
    by_step : bool
        Whether it pauses after its first epoch; the other seeds do not.
    """
    name, seeds = st.session_state.get("train_name", ""), st.session_state.get("train_seeds", 1)
    run_id = launch(store, config, _chosen_speed(), name, seeds, by_step=by_step)
    st.query_params["run"] = str(run_id)
    st.session_state["train_started_at"] = time.time()
    st.session_state.pop("train_refused", None)


def launch(
    store: Store,
    config: RunConfig,
    speed: float | None = None,
    name: str = "",
    seeds: int = 1,
    *,
    by_step: bool = False,
) -> int:
    """Submit a run, or one for each of several seeds; start workers, and return the first run's id.

    The speed is that of the first run, and so is ``by_step``, to pause after one epoch; the others train as
    fast as possible.

    Raises
    ------
    ConfigError
        When the configuration does not fit its data or the memory.
    """
    first, *others = with_seeds(config, seeds, dataset=dataset_of(config), name=name)
    asked = {"request": "step"} if by_step else {}
    ids = submit(store, [replace(first, speed=speed, columns=asked), *others])
    ensure_workers(store.url)
    return ids[0]


def transport(store: Store, row: RunRow | None, begin_by_step: Callable[[Store], None]) -> None:
    """Draw pause or resume, step and stop for a run, as far as they make sense now.

    Parameters
    ----------
    begin_by_step : callable
        What a step does while no run trains.
    """
    is_live = row is not None and row.status in LIVE
    is_waiting = row is not None and (row.paused if is_live else row.status in ("stopped", "failed"))
    if is_waiting:
        st.button(
            "Resume",
            icon=":material/resume:",
            width=PAUSE_WIDTH,
            key="train_resume",
            shortcut="Alt+P",
            on_click=_resume,
            args=(store, row),
            help="Continue from the last checkpoint, with exactly the same result.",
        )
    else:
        st.button(
            "Pause",
            icon=":material/pause:",
            width=PAUSE_WIDTH,
            key="train_pause",
            shortcut="Alt+P",
            on_click=_ask,
            args=(store, row, "pause"),
            disabled=not is_live,
            help="Pause after the current step; nothing is lost.",
        )
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="train_step",
        shortcut="Alt+N",
        on_click=_ask if is_live else begin_by_step,
        args=(store, row, "step") if is_live else (store,),
        help="Train one epoch, then pause; where no run is going on, begin one.",
    )
    st.button(
        "Stop",
        icon=":material/stop:",
        key="train_stop",
        on_click=_ask,
        args=(store, row, "stop"),
        disabled=not is_live,
        help="End the run here; weights and records are kept.",
    )


def speed_control(store: Store, row: RunRow | None) -> None:
    """Draw the speed in epochs per second, changeable while the run trains."""
    if row is not None and row.status in LIVE and st.session_state.get("train_speed_of") != row.id:
        shown = "max" if row.speed is None else f"{row.speed:g}"
        st.session_state["train_speed"] = shown if shown in SPEEDS else "20"
        st.session_state["train_speed_of"] = row.id
    st.session_state.setdefault("train_speed", "20")
    st.selectbox(
        "Epochs per second",
        SPEEDS,
        on_change=_apply_speed,
        args=(store, row),
        label_visibility="collapsed",
        format_func=lambda speed: "full speed" if speed == "max" else f"{count(int(speed), 'epoch')}/s",
        width=150,
        help="How fast it trains, in epochs per second; changeable while it trains.",
        **kept("train_speed"),
    )


def _chosen_speed() -> float | None:
    chosen = st.session_state.get("train_speed", "20")
    return None if chosen == "max" else float(chosen)


@refusing
def _apply_speed(store: Store, row: RunRow | None) -> None:
    if row is not None and row.status in LIVE:
        set_speed(store, row.id, _chosen_speed())


@refusing
def _ask(store: Store, row: RunRow, action: str) -> None:
    request(store, row.id, action)
    st.session_state["train_started_at"] = time.time()
    ensure_workers(store.url)


@refusing
def _resume(store: Store, row: RunRow) -> None:
    if asked := resume_run(store, row):
        st.session_state["train_refused"] = asked


def resume_run(store: Store, row: RunRow) -> str:
    """Continue a paused, stopped or interrupted run from its last checkpoint.

    Where its plugin has changed, the first call returns a sentence that asks and the second one continues.
    """
    changed = other_plugins(row.fingerprint, row.config)
    if changed and st.session_state.get("train_asked") != [row.id, changed]:
        st.session_state["train_asked"] = [row.id, changed]
        return f"Run {row.id} was {changed}. Press Resume again to continue anyway."
    if row.status in LIVE:
        request(store, row.id, "resume")
    else:
        reopen(store, row.id)
    st.session_state["train_started_at"] = time.time()
    ensure_workers(store.url)
    return ""


def keep_workers(store: Store, row: RunRow) -> None:
    """Start a worker while a run waits for one."""
    if row.status in ("queued", "interrupted") and (not row.paused or row.request):
        ensure_workers(store.url)
