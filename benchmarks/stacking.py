"""Whole stacked runs against the same runs one by one, with all they record: ``make bench-stacking``.

Training alone, and through a store as a worker does it: claim, train, commit. One process, one thread; writes
the table of ``docs/stacking.md``.
"""

import argparse
import gc
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest import mock

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks.speed_report import Ratio, figure, markdown, ratio
from benchmarks.workloads import WORKLOADS
from docs.blocks import write_block
from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.store.lease import claim, new_owner
from engine.store.store import Store, open_store
from engine.store.submit import Submission, submit
from engine.training.model import initial_state
from engine.training.stack import most_together, train_stack
from engine.training.state import State
from engine.training.trainer import train
from engine.workers.session import train_claimed
from engine.workers.stacking import claim_stack

DOCUMENT = Path(__file__).parents[1] / "docs" / "stacking.md"
# The largest share of the time one by one that counts as held.
TARGETS = {("W1", "16 seeds"): 0.25, ("W2", "16 seeds"): 0.3}
GRID = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)


@dataclass(frozen=True)
class Runs:
    """Runs that are trained both ways.

    Attributes
    ----------
    workload : str
        Its settings as the speed benchmark has them, for the usual number of epochs.
    words : str
        How they differ.
    configs : tuple of RunConfig
        Resolved.
    """

    workload: str
    words: str
    configs: tuple[RunConfig, ...]

    @property
    def dataset(self) -> Dataset:
        """The data of all."""
        return WORKLOADS[self.workload].dataset


def with_seeds(workload: str, count: int) -> Runs:
    """Return runs of a workload that differ in their seeds."""
    config = WORKLOADS[workload].config
    seeds = [config.model_copy(update={"seed": seed}) for seed in range(count)]
    return Runs(workload, f"{count} seeds", tuple(seeds))


def with_rates(workload: str) -> Runs:
    """Return a grid of eight learning rates with two seeds each."""
    config = WORKLOADS[workload].config
    values = [{"learning_rate": rate, "seed": seed} for rate in GRID for seed in range(2)]
    return Runs(workload, "8 learning rates x 2 seeds", tuple(config.model_copy(update=v) for v in values))


MEASURED = [
    *(with_seeds(name, count) for name in ("W1", "W2") for count in (4, 16, 64)),
    *(with_rates(name) for name in ("W1", "W2")),
]


def train_one_by_one(runs: Runs) -> list[State]:
    """Train each run by itself; return the states at their ends."""
    states = [initial_state(config, runs.dataset) for config in runs.configs]
    for config, state in zip(runs.configs, states, strict=True):
        for _ in train(config, runs.dataset, state):
            pass
    return states


def train_stacked(runs: Runs) -> list[State]:
    """Train them in stacks of as many as are best; return the states at their ends."""
    states = [initial_state(config, runs.dataset) for config in runs.configs]
    most = most_together(runs.configs[0], runs.dataset)
    for start in range(0, len(states), most):
        part = slice(start, start + most)
        for _ in train_stack(runs.configs[part], runs.dataset, states[part]):
            pass
    return states


def queued(runs: Runs, folder: str) -> Store:
    """Return a new store in which the runs wait."""
    store = open_store(f"sqlite:///{tempfile.mkdtemp(dir=folder)}/lab.db")
    submit(store, [Submission(config, runs.dataset) for config in runs.configs])
    return store


def work_one_by_one(store: Store) -> None:
    """Claim and train what waits as a worker would that knows no stacks."""
    owner = new_owner()
    while (lease := claim(store, owner)) is not None:
        train_claimed(store, lease)


def work_stacked(store: Store) -> None:
    """Claim and train what waits as a worker does that has one core for itself."""
    owner = new_owner()
    with mock.patch("os.cpu_count", return_value=1):
        while (lease := claim(store, owner)) is not None:
            train_claimed(store, claim_stack(store, lease))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the processor's time of a piece of work."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


@dataclass(frozen=True)
class Measured:
    """Times of runs both ways, round by round, without a store and through one."""

    runs: Runs
    alone: Sequence[float]
    stacked: Sequence[float]
    worked_alone: Sequence[float]
    worked_stacked: Sequence[float]

    @property
    def training(self) -> Ratio:
        """Training alone."""
        return ratio(self.stacked, self.alone)

    @property
    def working(self) -> Ratio:
        """Through a store."""
        return ratio(self.worked_stacked, self.worked_alone)

    def with_verdict(self, found: Ratio) -> str:
        """Return a ratio with the target, where there is one, and what came of it."""
        target = TARGETS.get((self.runs.workload, self.runs.words))
        if target is None:
            return str(found)
        return f"{found}: ≤ {figure(target)} {'held' if found.median <= target else 'not held'}"


def check_equal(runs: Runs) -> None:
    """Train both ways once.

    Raises
    ------
    SystemExit
        When a run ends with other weights in a stack than alone.
    """
    for one, other in zip(train_one_by_one(runs), train_stacked(runs), strict=True):
        if one.step != other.step or not np.array_equal(one.theta, other.theta, equal_nan=True):
            raise SystemExit(f"{runs.workload}, {runs.words}: weights in a stack must be those alone")


def measure(runs: Runs, rounds: int) -> Measured:
    """Time both ways in turn; all is warm from the check before."""
    check_equal(runs)
    times: tuple[list[float], ...] = ([], [], [], [])
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            times[0].append(seconds_of(lambda: train_one_by_one(runs)))
            times[1].append(seconds_of(lambda: train_stacked(runs)))
            for place, work in ((2, work_one_by_one), (3, work_stacked)):
                store = queued(runs, folder)
                times[place].append(seconds_of(lambda work=work, store=store: work(store)))
                store.close()
    return Measured(runs, *times)


def table(found: Sequence[Measured]) -> str:
    """Return ratios with their extremes, and the median milliseconds of a run."""
    rows = []
    for each in found:
        count = len(each.runs.configs)
        alone, stacked = (1e3 * np.median(t) / count for t in (each.worked_alone, each.worked_stacked))
        name = f"{each.runs.workload}, {each.runs.words}"
        reported = (each.with_verdict(found) for found in (each.training, each.working))
        rows.append([name, *reported, figure(alone), figure(stacked)])
    head = ["", "training alone", "through a worker", "ms a run, one by one", "side by side"]
    return markdown(head, rows)


def machine() -> str:
    """Return what the figures hang on.

    Raises
    ------
    SystemExit
        When BLAS would take more than one thread.
    """
    blas = next(each for each in threadpool_info() if "numpy" in each["filepath"])
    if blas["num_threads"] != 1:
        raise SystemExit(f"BLAS must use 1 thread, got {blas['num_threads']}: use `make bench-stacking`")
    numpy = f"numpy {np.__version__}, {blas['internal_api']} {blas['version']}, {blas['architecture']}"
    where = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{date.today().isoformat()}; {where}; {numpy}."


def main() -> int:
    """Print the table, and write it unless only some lines were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="7 or more for figures shown to others")
    parser.add_argument("--only", default="", help="lines whose name begins so, such as W1; not written")
    chosen = parser.parse_args()
    where, found = machine(), []
    for runs in MEASURED:
        if f"{runs.workload}, {runs.words}".startswith(chosen.only):
            found.append(measure(runs, chosen.rounds))
            print(table(found[-1:]), flush=True)
    print(f"\n{where}\n\n{table(found)}")
    if not chosen.only:
        write_block(DOCUMENT, "machine", where)
        write_block(DOCUMENT, "ratios", table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
