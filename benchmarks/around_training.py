"""What evaluations and what storing add to a run, in interleaved rounds; starts no process."""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.around_report import Measured, costs, ratios
from benchmarks.table import write_table
from engine.cli.tables import keep_table, load_dataset_with_findings
from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.store.lease import claim, new_owner
from engine.store.store import Store, open_store
from engine.store.submit import submit_one
from engine.training import trainer
from engine.training.model import initial_state
from engine.training.plan import TrainingPlan, plan
from engine.workers.blas import own_blas_threads
from engine.workers.journal import Journal
from engine.workers.session import train_claimed

EVALUATING_MAY_TAKE, STORING_MAY_TAKE = 1.15, 3.0
# Runs on the table: its target, settings beside the defaults, how often a round repeats it.
ON_TABLE: dict[str, tuple[str, dict[str, Any], int]] = {
    "default network, 1 epoch": ("rare", {"epochs": 1}, 5),
    "default network, 2 epochs": ("rare", {"epochs": 2}, 3),
    "the same, 2 epochs of a regression": ("value", {"epochs": 2}, 3),
    "default network, 20 epochs": ("rare", {"epochs": 20}, 1),
    "layers of 128 and 64, 2 epochs": ("rare", {"epochs": 2, "hidden_sizes": [128, 64]}, 2),
}
# Runs of two to four seconds.
STORED: dict[str, dict[str, Any]] = {
    "default moons, 170 000 steps": {"epochs": 17_000},
    "digits, layers of 128 and 64": {
        "dataset": "digits",
        "hidden_sizes": [128, 64],
        "activation": "relu",
        "epochs": 700,
    },
    "digits, layers of 512 and 256": {
        "dataset": "digits",
        "hidden_sizes": [512, 256],
        "activation": "relu",
        "epochs": 120,
    },
}


@dataclass(frozen=True)
class Clocks:
    """Seconds of the processor and of the wall."""

    cpu: float
    wall: float


def clocked(work: Callable[[], object]) -> Clocks:
    """Return how long some work takes; garbage of before is none of its."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Clocks(time.process_time() - cpu, time.perf_counter() - wall)


def interleaved(candidates: Mapping[str, Callable[[], Clocks]], rounds: int) -> dict[str, list[Clocks]]:
    """Return what each candidate takes, round by round; one round before is thrown away."""
    for candidate in candidates.values():
        candidate()
    found: dict[str, list[Clocks]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            found[name].append(candidate())
    return found


def without_evaluations(planned: TrainingPlan) -> TrainingPlan:
    """Return the same plan with evaluations at the first and the last step alone; its records stay."""
    return replace(planned, evaluation_steps=frozenset((0, planned.total_steps)))


def without_records(planned: TrainingPlan) -> TrainingPlan:
    """Return the plan with records at its evaluations alone."""
    return replace(planned, record_steps=planned.evaluation_steps)


def trained(config: RunConfig, dataset: Dataset, planned: TrainingPlan) -> bytes:
    """Train by a plan, drop all records, and return the weights at the end."""
    state = initial_state(config, dataset)
    with patch.object(trainer, "plan", lambda *_: planned), own_blas_threads(config):
        for _ in trainer.train(config, dataset, state):
            pass
    return state.theta.tobytes()


def evaluating(rounds: int) -> Iterator[Measured]:
    """Measure runs on a table of 50 000 rows and 35 columns against the same ones without evaluations."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path)
        with closing(open_store(f"sqlite:///{folder}/lab.db")) as store:
            file_id, whole = keep_table(store, path)
            for words, (target, settings, times) in ON_TABLE.items():
                asked = {"dataset": "table", "table": file_id, "target": target, "test_fraction": 0.2}
                config = parse_config({**asked, **settings})
                with redirect_stderr(StringIO()):
                    dataset = load_dataset_with_findings(store, config, whole)
                config = resolve(config, dataset.facts)
                planned = plan(config, dataset)
                plans = {"on": planned, "off": without_evaluations(planned)}
                candidates = {name: _dropped(config, dataset, each, times) for name, each in plans.items()}
                found = interleaved(candidates, rounds)
                counted = f"{planned.total_steps} steps, {len(planned.evaluation_steps)} evaluations"
                values = ratios(*([each.cpu for each in found[name]] for name in ("on", "off")))
                yield Measured("a", f"{words} ({counted})", values, target=EVALUATING_MAY_TAKE)


def _dropped(
    config: RunConfig, dataset: Dataset, planned: TrainingPlan, times: int = 1
) -> Callable[[], Clocks]:
    """Return what trains a run by a plan so many times and drops its records."""
    return lambda: clocked(lambda: [trained(config, dataset, planned) for _ in range(times)])


def storing(rounds: int) -> Iterator[Measured]:
    """Measure stored runs against the same training whose records are dropped; then what records cost."""
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/lab.db")) as store:
        for words, settings in STORED.items():
            asked = parse_config(settings)
            dataset = build_dataset(asked)
            config = resolve(asked, dataset.facts)
            planned = plan(config, dataset)
            candidates = {
                "stored": _stored(store, asked, dataset, spent),
                "dropped": _dropped(config, dataset, planned),
                "bare": _dropped(config, dataset, without_records(planned)),
            }
            spent.clear()
            found = interleaved(candidates, rounds)
            cpu = {name: [each.cpu for each in clocks] for name, clocks in found.items()}
            wall = {name: [each.wall for each in clocks] for name, clocks in found.items()}
            values = costs(cpu["stored"], cpu["dropped"])
            yield Measured("b", f"{words}: stored against dropped, processor", values, "%", STORING_MAY_TAKE)
            values = [100 * own / whole for own, whole in zip(spent[1:], cpu["stored"], strict=True)]
            yield Measured("b", "of it: taking up and committing, timed by themselves", values, "%")
            values = costs(wall["stored"], wall["dropped"])
            yield Measured("b", "stored against dropped, wall", values, "%")
            more = len(planned.record_steps - planned.evaluation_steps)
            values = costs(cpu["dropped"], cpu["bare"])
            yield Measured("b", f"{more} records more against none of them, none stored", values, "%")


def _stored(store: Store, asked: RunConfig, dataset: Dataset, spent: list[float]) -> Callable[[], Clocks]:
    """Return what trains a run as a worker does, from its claim to its end, journal and all.

    What the journal alone took of the processor's seconds is appended to ``spent``.
    """

    def candidate() -> Clocks:
        run_id = submit_one(store, asked, dataset, paused=True)
        lease = claim(store, new_owner(), run_id, even_paused=True)
        assert lease is not None
        spent.append(0.0)
        adding, committing = _timed(Journal.add, spent), _timed(Journal.commit, spent)
        with patch.object(Journal, "add", adding), patch.object(Journal, "commit", committing):
            return clocked(lambda: train_claimed(store, lease))

    return candidate


def _timed(method: Callable[..., None], spent: list[float]) -> Callable[..., None]:
    def timed(*given: Any, **named: Any) -> None:
        started = time.process_time()
        method(*given, **named)
        spent[-1] += time.process_time() - started

    return timed
