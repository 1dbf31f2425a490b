"""The replay frames of runs, computed once a server from their snapshots."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.codec import CodecError
from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.replay.frames import FrameRenderer, layout, packed_frame
from engine.store.loading import loaded
from engine.store.row import RunRow
from engine.store.snapshots import read_snapshots
from engine.store.store import Store
from engine.training.evaluation import ACTIVE_SHARE_OF_A_DEAD_UNIT
from engine.training.plan import TrainingPlan, plan
from ui.replay.message import change
from ui.shared.run_state import is_moving
from ui.shared.text import as_markdown, visible

ReplayFrames = dict[str, Any]
NO_FRAMES: ReplayFrames = {"facts": {}, "layout": [], "steps": [], "epochs": [], "changes": []}
RUNS_KEPT = 12
# Seconds that one drawing of a page spends on new frames; the first one is waited for.
AT_FIRST, WHILE_MOVING, WHEN_ENDED = 0.06, 0.03, 0.2
PACE_BEHIND = 0.3


def cached_frames(store: Store, row: RunRow, seconds: float) -> tuple[ReplayFrames, bool]:
    """Return the frames of a run as far as they are known, and whether snapshots wait for the next call.

    They are a dict: ``facts`` (of the scene), ``layout`` (of a frame), ``steps``, ``epochs`` and ``changes``
    (the frames, each as what is different from the one before), the last three of equal length; ``facts`` is
    empty before the first frame.

    Parameters
    ----------
    seconds : float
        Time to spend on new frames at most, one frame in any case; less where there are none yet.
    """
    kept = _kept(store.url, row.id, row.created_at, row.dataset_id)
    with kept["lock"]:
        waits = _grow(kept, store, row, seconds)
        whole = {name: list(kept[name]) for name in ("steps", "epochs", "changes")}
    return {"facts": kept["facts"], "layout": kept["layout"], **whole}, waits


def frames_in_time(store: Store, rows: Sequence[RunRow], key: str) -> list[ReplayFrames]:
    """Return the frames of runs as far as the time of one drawing goes, and say which cannot be drawn.

    :func:`pace_behind` tells whether more wait. Of a run that cannot be drawn they are :data:`NO_FRAMES`.

    Parameters
    ----------
    key : str
        Constant key of what shows them.
    """
    found, waits = [], False
    for row in rows:
        try:
            frames, more = cached_frames(store, row, WHILE_MOVING if is_moving([row]) else WHEN_ENDED)
        except (CodecError, ConfigError) as error:
            st.warning(
                as_markdown(f"run {row.id} cannot be replayed: {error}"), icon=":material/broken_image:"
            )
            frames, more = NO_FRAMES, False
        found.append(frames)
        waits = waits or more
    st.session_state[f"{key}_behind"] = waits
    return found


def pace_behind(key: str) -> float | None:
    """Return the seconds until ``key`` should be shown again to compute more frames, None when none wait."""
    return PACE_BEHIND if st.session_state.get(f"{key}_behind") else None


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _kept(url: str, run_id: int, created_at: float, dataset_id: str) -> ReplayFrames:
    lists: dict[str, list] = {"layout": [], "steps": [], "epochs": [], "changes": []}
    return {"facts": {}, **lists, "newest": b"", "lock": threading.Lock()}


def frames_of(
    config: RunConfig, dataset: Dataset, snapshots: Mapping[int, Mapping[str, np.ndarray]]
) -> ReplayFrames:
    """Return the frames of a network that no store holds, as :func:`cached_frames` returns those of a run.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    snapshots : mapping
        By step, ascending, what the network had learned.
    """
    renderer = FrameRenderer(config, dataset)
    kept: ReplayFrames = {name: [] for name in ("steps", "epochs", "changes")} | {"newest": b""}
    for step, learned in snapshots.items():
        _take(kept, renderer, step, learned, plan(config, dataset))
    facts = _facts(renderer, dataset, config)
    return {"facts": facts, **{name: kept[name] for name in ("layout", "steps", "epochs", "changes")}}


def _facts(renderer: FrameRenderer, dataset: Dataset, config: RunConfig) -> dict[str, Any]:
    facts = renderer.scene.facts(dataset)
    names = ("names", "axisNames", "outputNames", "classNames")
    shown: dict[str, Any] = {key: [visible(name, 30) for name in facts[key]] for key in names if key in facts}
    if "targetName" in facts:
        shown["targetName"] = visible(facts["targetName"], 30)
    about = {"score": dataset.score_name, "deadBelow": ACTIVE_SHARE_OF_A_DEAD_UNIT}
    return {**facts, **shown, **about, "total_steps": plan(config, dataset).total_steps}


def _grow(kept: ReplayFrames, store: Store, row: RunRow, seconds: float) -> bool:
    until = time.perf_counter() + (seconds if kept["steps"] else min(seconds, AT_FIRST))
    snapshots = read_snapshots(store, row.id, kept["steps"][-1] if kept["steps"] else -1)
    if not snapshots:
        return False
    config, dataset = loaded(store, row)
    renderer, planned = FrameRenderer(config, dataset), plan(config, dataset)
    for taken, (step, learned) in enumerate(snapshots.items(), start=1):
        if not kept["facts"]:
            kept["facts"] = _facts(renderer, dataset, config)
        _take(kept, renderer, step, learned, planned)
        if time.perf_counter() > until:
            return taken < len(snapshots)
    return False


def _take(
    kept: ReplayFrames,
    renderer: FrameRenderer,
    step: int,
    learned: Mapping[str, np.ndarray],
    planned: TrainingPlan,
) -> None:
    arrays = renderer.frame(learned)
    kept["layout"] = layout(arrays)
    frame = packed_frame(arrays)
    kept["changes"].append(change(frame, kept["newest"]))
    kept["newest"] = frame
    kept["epochs"].append(round(step / planned.steps_per_epoch, 4))
    kept["steps"].append(step)
