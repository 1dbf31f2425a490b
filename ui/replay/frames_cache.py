"""The replay frames of runs, computed once a server from their snapshots."""

import threading
import time
from typing import Any

import streamlit as st

from engine.data.dataset import Dataset
from engine.replay.frames import FrameRenderer, layout, packed_frame
from engine.store.loading import loaded
from engine.store.row import RunRow
from engine.store.snapshots import read_snapshots
from engine.store.store import Store
from engine.training.plan import plan
from ui.replay.message import change
from ui.shared.text import visible

ReplayFrames = dict[str, Any]
RUNS_KEPT = 12


def cached_frames(store: Store, row: RunRow, seconds: float) -> tuple[ReplayFrames, bool]:
    """Return the frames of a run as far as they are known, and whether snapshots wait for the next call.

    They are a dict: ``facts`` (of the scene), ``layout`` (of a frame), ``steps``, ``epochs`` and ``changes``
    (the frames, each as what is different from the one before), the last three of equal length; ``facts`` is
    empty before the first frame.

    Parameters
    ----------
    seconds : float
        Time to spend on new frames at most, one frame in any case.
    """
    kept = _kept(store.url, row.id, row.created_at, row.dataset_id)
    with kept["lock"]:
        waits = _grow(kept, store, row, seconds)
        whole = {name: list(kept[name]) for name in ("steps", "epochs", "changes")}
    return {"facts": kept["facts"], "layout": kept["layout"], **whole}, waits


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _kept(url: str, run_id: int, created_at: float, dataset_id: str) -> ReplayFrames:
    lists: dict[str, list] = {"layout": [], "steps": [], "epochs": [], "changes": []}
    return {"facts": {}, **lists, "newest": b"", "lock": threading.Lock()}


def _facts(renderer: FrameRenderer, dataset: Dataset) -> dict[str, Any]:
    facts = renderer.scene.facts(dataset)
    names = ("names", "axisNames", "outputNames")
    return facts | {key: [visible(name, 30) for name in facts[key]] for key in names}


def _grow(kept: ReplayFrames, store: Store, row: RunRow, seconds: float) -> bool:
    until = time.perf_counter() + seconds
    snapshots = read_snapshots(store, row.id, kept["steps"][-1] if kept["steps"] else -1)
    if not snapshots:
        return False
    config, dataset = loaded(store, row)
    renderer = FrameRenderer(config, dataset)
    per_epoch = plan(config, dataset).steps_per_epoch
    for taken, (step, parameters) in enumerate(snapshots.items(), start=1):
        arrays = renderer.frame(parameters)
        if not kept["facts"]:
            kept["facts"] = {
                **_facts(renderer, dataset),
                "activation": config.activation,
                "score": row.score_name,
                "total_steps": row.total_steps,
            }
            kept["layout"] = layout(arrays)
        frame = packed_frame(arrays)
        kept["changes"].append(change(frame, kept["newest"]))
        kept["newest"] = frame
        kept["epochs"].append(round(step / per_epoch, 4))
        kept["steps"].append(step)
        if time.perf_counter() > until:
            return taken < len(snapshots)
    return False
