"""The runs that faults strike, trained without any, and what a store has kept of one: compared bit by bit."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory

import numpy as np

from engine.config import parse_config
from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.records import Series, read_series
from engine.store.store import Store, open_store
from engine.store.submit import submit, with_seeds
from engine.training.telemetry import SCALAR_INDEX
from engine.workers.session import train_claimed

# What has a state of its own beside the weights: two generators, an optimizer's memory, a schedule, averages
# of batches. Each trains for a second or so, long enough to be killed several times.
Settings = Mapping[str, object]
RECIPES: tuple[Settings, ...] = (
    {"epochs": 4000, "dropout": 0.2, "optimizer": "adam"},
    {"epochs": 3000, "normalization": "batch", "optimizer": "momentum", "schedule": "cosine"},
    {"epochs": 4000, "optimizer": "rmsprop", "dropout": 0.1, "clip_norm": 1.0},
    {"epochs": 4000, "optimizer": "adamw", "schedule": "step", "loss": "cross_entropy"},
)
EVERY_RUN: Settings = {"samples": 200, "hidden_sizes": (12, 12)}


class Broken(Exception):
    """A promise that was not kept, in one sentence."""


class Missed(Exception):
    """The run was over before the fault could strike: it has to be tried again."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What a store has of a run: the state of its newest checkpoint, and its records but for ``seconds``."""

    state: bytes
    step: int
    records: Series

    def __post_init__(self) -> None:
        self.records.scalars[:, SCALAR_INDEX["seconds"]] = 0

    def missing_in(self, other: "Kept", *, is_whole: bool = True) -> str:
        """Return what the other one has otherwise, or nothing; of a part of a run its beginning counts."""
        count = len(other.records)
        steps, others = self.records["step"], other.records["step"]
        if is_whole and len(steps) != count:
            return f"{count} records instead of {len(steps)}"
        if not np.array_equal(steps[:count], others):
            return "records that are lost, doubled or out of order"
        for mine, theirs in zip(self.records.arrays, other.records.arrays, strict=True):
            if mine[:count].tobytes() != theirs.tobytes():
                return "records of other bits"
        return "a state of other bits" if is_whole and self.state != other.state else ""


def kept(store: Store, run_id: int) -> Kept:
    """Read what a store has of a run.

    Raises
    ------
    Broken
        When its newest checkpoint is damaged.
    """
    state, damaged = latest_checkpoint(store, run_id)
    if damaged:
        raise Broken(f"{damaged} checkpoints are damaged")
    series = read_series(store, run_id)
    series = Series(series.scalars.copy(), series.measured, series.layers, series.recorded)
    if state is None:
        return Kept(b"", -1, series)
    state.seconds = 0.0
    return Kept(state.to_bytes(), state.step, series)


@cache
def unbroken(recipe: int, seed: int = 0) -> Kept:
    """Train a recipe without any fault, once in this process."""
    with TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/lab.db")) as store:
        (run_id,) = submit(store, with_seeds(parse_config({**EVERY_RUN, **RECIPES[recipe], "seed": seed}), 1))
        lease = claim(store, new_owner(), run_id)
        assert lease is not None
        train_claimed(store, lease)
        return kept(store, run_id)
