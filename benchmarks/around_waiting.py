"""What people wait for beside training: Compare's read, the first record, a queue; opens no browser."""

import json
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from benchmarks.around_report import Measured
from benchmarks.around_training import Clocks, clocked
from engine.config import RunConfig, parse_config
from engine.data.dataset import Dataset, build_dataset
from engine.store.lease import claim, new_owner
from engine.store.reader import Held, read_on
from engine.store.records import read_many, read_series
from engine.store.schema import chunks, runs, workers
from engine.store.store import Store, open_store
from engine.store.submit import submit_one
from engine.workers.launcher import ensure_workers, release_workers
from engine.workers.session import train_claimed

ROOT = Path(__file__).resolve().parents[1]
READ_MILLISECONDS, WARM_SECONDS, COLD_SECONDS = 20, 0.3, 1.0
COMPARED, RECORDS = 20, 1000
QUEUED, JOBS = 500, 2
GRID = f"""
base: {{samples: 200, epochs: 20, hidden_sizes: [8, 8]}}
grid:
  learning_rate: [0.003, 0.01]
  activation: [tanh, relu]
  seed: {list(range(QUEUED // 4))}
"""


def reading(rounds: int) -> Iterator[Measured]:
    """Measure the read of twenty runs of a thousand records, as the page Compare does it."""
    with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/lab.db")) as store:
        config = parse_config({"batch_size": "full", "epochs": RECORDS - 1, "record_every": 1})
        dataset = build_dataset(config)
        ids = [_trained(store, config.model_copy(update={"seed": seed}), dataset) for seed in range(COMPARED)]
        assert {len(series) for series in read_many(store, ids).values()} == {RECORDS}
        held: Held = OrderedDict()
        read_on(store, ids, held)
        ways: dict[str, Callable[[], object]] = {
            "at once": lambda: read_on(store, ids, OrderedDict()),
            "at once, known already": lambda: read_on(store, ids, held),
            "one by one": lambda: [read_series(store, run_id) for run_id in ids],
        }
        found: dict[str, list[Clocks]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, read in ways.items():
                found[way].append(clocked(read))
    for way, clocks in found.items():
        target = READ_MILLISECONDS if way == "at once" else None
        wall, cpu = [1e3 * each.wall for each in clocks], [1e3 * each.cpu for each in clocks]
        yield Measured("c", f"{COMPARED} runs × {RECORDS} records, {way}", wall, "ms", target)
        yield Measured("c", f"the same in the processor's time, {way}", cpu, "ms")


def _trained(store: Store, config: RunConfig, dataset: Dataset) -> int:
    run_id = submit_one(store, config, dataset, paused=True)
    lease = claim(store, new_owner(), run_id, even_paused=True)
    assert lease is not None
    train_claimed(store, lease)
    return run_id


def starting(rounds: int) -> Iterator[Measured]:
    """Measure the time from Start to the first record in the store, with a worker that waits and without."""
    config = parse_config({})
    dataset = build_dataset(config)
    warm, cold = [], []
    for _ in range(rounds):
        with _store_with_workers() as store:
            cold.append(_first_record(store, config, dataset))
            _wait_until(lambda store=store: _is_warm(store))
            warm.append(_first_record(store, config, dataset))
    yield Measured("d", "Start to the first committed record, warm worker", warm, "s", WARM_SECONDS)
    yield Measured("d", "Start to the first committed record, no worker", cold, "s", COLD_SECONDS)


@contextmanager
def _store_with_workers() -> Iterator[Store]:
    """Give a fresh store; its workers leave before it does."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lab.db"
        with closing(open_store(url)) as store:
            yield store
            with store.reading() as connection:
                pids = list(connection.scalars(sa.select(workers.c.pid)))
            release_workers(url)
            for pid in filter(psutil.pid_exists, pids):
                psutil.Process(pid).wait(timeout=60)


def _first_record(store: Store, config: RunConfig, dataset: Dataset) -> float:
    """Return the seconds from a submitted configuration to its first record, as another process sees it."""
    started = time.perf_counter()
    run_id = submit_one(store, config, dataset)
    ensure_workers(store.url)
    stored = sa.select(sa.func.count()).where(chunks.c.run_id == run_id)
    _wait_until(lambda: _value(store, stored))
    return time.perf_counter() - started


def _is_warm(store: Store) -> bool:
    busy = _value(store, sa.select(sa.func.count()).where(runs.c.status.in_(("queued", "running"))))
    return not busy and bool(_value(store, sa.select(sa.func.count()).where(workers.c.idle)))


def _value(store: Store, query: sa.Select[int]) -> int:
    with store.reading() as connection:
        return connection.scalar(query) or 0


def _wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("waited 60 s in vain")
        time.sleep(0.002)


def queueing(rounds: int) -> Iterator[Measured]:
    """Measure five hundred small runs from a grid through two workers, by the commands that people use."""
    seconds, processes, again = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            url, grid = f"sqlite:///{folder}/lab.db", Path(folder) / "grid.yaml"
            grid.write_text(GRID, "utf-8")
            assert json.loads(_engine("queue", str(grid), url=url))["queued"] == QUEUED
            started = time.perf_counter()
            reported = json.loads(_engine("work", "--jobs", str(JOBS), url=url))
            seconds.append(time.perf_counter() - started)
            assert (reported["runs"], reported["left"], reported["failed"]) == (QUEUED, 0, [])
            with closing(open_store(url)) as store, store.reading() as connection:
                rows = connection.execute(sa.select(runs.c.lease_pid, runs.c.lease_epoch)).all()
        processes.append(float(len({row.lease_pid for row in rows})))
        again.append(float(sum(row.lease_epoch != 1 for row in rows)))
    yield Measured("e", f"`work --jobs {JOBS}` for {QUEUED} small runs", seconds, "s")
    yield Measured("e", "processes that trained them: one import each", processes, "processes", JOBS)
    yield Measured("e", "runs that were claimed twice", again, "runs", 0)


def _engine(*arguments: str, url: str) -> str:
    command = [sys.executable, "-m", "engine", *arguments, "--json", "--store", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
