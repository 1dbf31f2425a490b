"""What live pages cost: the server's time and bytes a viewer, and how much viewers slow training down."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import sqlalchemy as sa

from benchmarks.browser import Dashboard, dashboard, wait_until
from benchmarks.dashboard_report import (
    Scene,
    Slowdown,
    Window,
    document_blocks,
    machine_words,
)
from benchmarks.viewers import Viewer, watching
from docs.blocks import write_block
from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.runs.catalog import get_run, reopen, request, set_speed, submit
from engine.runs.launcher import ensure_workers
from engine.runs.lease import claim, new_owner
from engine.runs.schema import runs
from engine.runs.session import train_claimed
from engine.runs.store import Store, open_store

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "dashboard-speed.md"
RUNS, RECORDS, MANY = 10, 1000, 20
# Full batch: a step is an epoch, and the speed is that of both.
SETTINGS = {"hidden_sizes": [16, 16], "batch_size": "full", "samples": 500}
STEPS_A_SECOND = 20.0
# Never over before it has been measured.
FAST = {"hidden_sizes": [16, 16], "epochs": 1_000_000, "samples": 500}
QUIET_SECONDS, IDLE_SECONDS = 2.0, 6.0


def trained(store: Store, learning_rate: float) -> int:
    """Train a run of 1000 steps, each of them recorded, and return its id."""
    settings = {**SETTINGS, "epochs": RECORDS - 1, "learning_rate": learning_rate}
    return _train(store, settings)


def moving(store: Store) -> int:
    """Return a run that has a thousand records and gets twenty more each second, in a worker."""
    run_id = _train(store, {**SETTINGS, "epochs": 2 * RECORDS, "seed": 77}, stop_at=RECORDS)
    set_speed(store, run_id, STEPS_A_SECOND)
    reopen(store, run_id)
    ensure_workers(store.url)
    wait_until(lambda: get_run(store, run_id).step > RECORDS + STEPS_A_SECOND)
    return run_id


def _train(store: Store, settings: dict, stop_at: int | None = None) -> int:
    config = parse_config(settings)
    run_id = submit(store, config, build_dataset(config), paused=True)
    lease = claim(store, new_owner(), run_id, even_paused=True)
    assert lease is not None
    steps = [0]
    try:
        train_claimed(
            store,
            lease,
            lambda record: steps.append(int(record["step"])),
            is_interrupted=lambda: stop_at is not None and steps[-1] >= stop_at,
        )
    except KeyboardInterrupt:
        assert get_run(store, run_id).status == "stopped"
    return run_id


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def end(store: Store, run_id: int) -> None:
    """Stop a run and wait until it has stopped."""
    request(store, run_id, "stop")
    wait_until(lambda: get_run(store, run_id).ended)


async def idle_share(pid: int) -> float:
    """Return the share of a core that the server takes while nobody looks."""
    await asyncio.sleep(QUIET_SECONDS)
    began, used = time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (cpu_seconds(pid) - used) / (time.perf_counter() - began)


async def window(pid: int, viewers: Sequence[Viewer], seconds: float, idle: float) -> Window:
    """Return what a server did for its viewers in some seconds, beyond what it does when idle."""
    updates, received = sum(v.updates for v in viewers), sum(v.bytes_received for v in viewers)
    began, used = time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(seconds)
    lasted = time.perf_counter() - began
    used = cpu_seconds(pid) - used - idle * lasted
    updates = sum(v.updates for v in viewers) - updates
    received = sum(v.bytes_received for v in viewers) - received
    return Window(
        milliseconds=1000 * used / max(updates, 1),
        kilobytes=received / 1000 / lasted / len(viewers),
        updates=updates / lasted / len(viewers),
    )


async def scene(
    running: Dashboard, store: Store, page: str, count: int, finished: Sequence[int], rounds: int, seconds: float
) -> Scene:
    """Measure one page with one run that moves and some viewers."""
    assert running.process is not None
    run_id = moving(store)
    ids = ",".join(str(each) for each in (run_id, *finished))
    query = f"runs={ids}" if page == "compare" else f"run={run_id}"
    idle = await idle_share(running.process.pid)
    async with watching(running.address, page, query, count) as viewers:
        await asyncio.sleep(QUIET_SECONDS)
        windows = [await window(running.process.pid, viewers, seconds, idle) for _ in range(rounds)]
    await asyncio.to_thread(end, store, run_id)
    return Scene(page, count, windows)


def moment(store: Store, run_id: int) -> tuple[float, float, int]:
    """Return wall time, the worker's processor time and the step, right after the run stored a new one."""
    query = sa.select(runs.c.step, runs.c.lease_pid).where(runs.c.id == run_id)

    def look() -> sa.Row:
        with store.reading() as connection:
            return connection.execute(query).one()

    before = look().step
    while (now := look()).step == before:
        time.sleep(0.005)
    return time.perf_counter(), cpu_seconds(now.lease_pid), now.step


async def training_speed(store: Store, run_id: int, seconds: float) -> tuple[float, float]:
    """Return steps a second of a run in training: by the wall clock, and by its processor time."""
    began, used, first = await asyncio.to_thread(moment, store, run_id)
    await asyncio.sleep(seconds)
    ended, spent, last = await asyncio.to_thread(moment, store, run_id)
    return (last - first) / (ended - began), (last - first) / (spent - used)


async def slowdown(
    running: Dashboard, store: Store, page: str, finished: Sequence[int], rounds: int, seconds: float
) -> Slowdown:
    """Measure training at full speed in turn without and with twenty viewers of it."""
    config = parse_config(FAST)
    run_id = submit(store, config, build_dataset(config))
    ensure_workers(store.url)
    wait_until(lambda: get_run(store, run_id).step > 0)
    ids = ",".join(str(each) for each in (run_id, *finished))
    query = f"runs={ids}" if page == "compare" else f"run={run_id}"
    alone, watched, updates = [], [], []
    for _ in range(rounds):
        await asyncio.sleep(QUIET_SECONDS)
        alone.append(await training_speed(store, run_id, seconds))
        async with watching(running.address, page, query, MANY) as viewers:
            await asyncio.sleep(QUIET_SECONDS)
            before, began = sum(v.updates for v in viewers), time.perf_counter()
            watched.append(await training_speed(store, run_id, seconds))
            after = sum(v.updates for v in viewers)
            updates.append((after - before) / (time.perf_counter() - began) / MANY)
    await asyncio.to_thread(end, store, run_id)
    return Slowdown(page, alone, watched, updates)


async def measured(rounds: int, seconds: float, only: str) -> tuple[list[Scene], list[Slowdown]]:
    """Measure everything on one server and one store."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        store = open_store(url)
        finished = [trained(store, rate) for rate in np.geomspace(0.001, 0.05, RUNS - 1).tolist()]
        scenes, slowdowns = [], []
        with dashboard(url) as running:
            for page in ("compare", "train"):
                for count in (1, MANY):
                    if only in ("", f"{page}-{count}"):
                        scenes.append(await scene(running, store, page, count, finished, rounds, seconds))
                        print(scenes[-1], flush=True)
            for page in ("compare", "train"):
                if only in ("", f"{page}-slowdown"):
                    slowdowns.append(await slowdown(running, store, page, finished, rounds, seconds))
                    print(slowdowns[-1], flush=True)
        return scenes, slowdowns


def main() -> int:
    """Print the tables and write them into the document, unless only a part was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a window lasts")
    parser.add_argument("--only", default="", help="such as compare-20 or train-slowdown; nothing is written")
    chosen = parser.parse_args()
    scenes, slowdowns = asyncio.run(measured(chosen.rounds, chosen.seconds, chosen.only))
    for name, block in document_blocks(scenes, slowdowns, machine_words()).items():
        print(f"\n{name}\n{block}")
        if not chosen.only:
            write_block(DOCUMENT, name, block)
    return 0


if __name__ == "__main__":
    sys.exit(main())
