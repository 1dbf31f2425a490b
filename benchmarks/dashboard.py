"""What live pages cost: the server's time and bytes a viewer, and how much viewers slow training down."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
import sqlalchemy as sa

from benchmarks.browser import dashboard, wait_until
from benchmarks.dashboard_report import Scene, Slowdown, Window, document_blocks, scene_table, slowdown_table
from benchmarks.machine import processor
from benchmarks.viewers import Viewer, watching
from docs.blocks import write_block
from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run, reopen, request, set_speed
from engine.store.schema import runs
from engine.store.store import Store, open_store
from engine.store.submit import submit_one
from engine.workers.launcher import ensure_workers
from engine.workers.session import train_claimed

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "dashboard-speed.md"
RUNS, RECORDS, MANY = 10, 1000, 20
# Full batch: a step is an epoch, and the speed is that of both.
SETTINGS = {"hidden_sizes": [16, 16], "batch_size": "full", "samples": 500}
STEPS_A_SECOND = 20.0
# Never over before it has been measured.
FAST = {"hidden_sizes": [16, 16], "epochs": 1_000_000, "samples": 500}
# A page that was opened computes the frames of its replay first, a few each second.
SETTLE_SECONDS, IDLE_SECONDS, OPENED_SECONDS = 5.0, 6.0, 15.0
PAGES = ("compare", "train")


@dataclass(frozen=True)
class Lab:
    """Where it is measured, and how long: ``rounds`` windows of ``seconds`` each."""

    address: str
    server_pid: int
    store: Store
    finished: Sequence[int]
    rounds: int
    seconds: float


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
    run_id = submit_one(store, config, build_dataset(config), paused=True)
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
    await asyncio.sleep(SETTLE_SECONDS)
    began, used = time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (cpu_seconds(pid) - used) / (time.perf_counter() - began)


async def window(pid: int, viewers: Sequence[Viewer], seconds: float, idle: float) -> Window:
    """Return what a server did for its viewers in some seconds, beyond what it does when idle."""

    def counts() -> np.ndarray:
        each = [(v.updates, v.bytes_received, v.bytes_unpacked) for v in viewers]
        return np.array([time.perf_counter(), cpu_seconds(pid), *np.sum(each, axis=0)])

    before = counts()
    await asyncio.sleep(seconds)
    lasted, used, updates, received, unpacked = (counts() - before).tolist()
    each_second = 1 / lasted / len(viewers)
    return Window(
        milliseconds=1000 * (used - idle * lasted) / max(updates, 1),
        kilobytes=received / 1000 * each_second,
        unpacked=unpacked / 1000 * each_second,
        updates=updates * each_second,
    )


def query_of(page: str, run_id: int, finished: Sequence[int]) -> str:
    """Return the address's query: a page that shows the run, with those that have finished beside it."""
    ids = ",".join(str(each) for each in (run_id, *finished))
    return f"runs={ids}" if page == "compare" else f"run={run_id}"


async def scene(lab: Lab, page: str, count: int) -> Scene:
    """Measure one page with one run that moves and some viewers."""
    store, pid = lab.store, lab.server_pid
    idle = await idle_share(pid)
    run_id = await asyncio.to_thread(moving, store)
    async with watching(lab.address, page, query_of(page, run_id, lab.finished), count) as viewers:
        await asyncio.sleep(OPENED_SECONDS)
        windows = [await window(pid, viewers, lab.seconds, idle) for _ in range(lab.rounds)]
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


async def slowdown(lab: Lab, page: str) -> Slowdown:
    """Measure training at full speed in turn without and with twenty viewers of it."""
    store, config = lab.store, parse_config(FAST)
    run_id = submit_one(store, config, build_dataset(config))
    ensure_workers(store.url)
    await asyncio.to_thread(wait_until, lambda: get_run(store, run_id).step > 0)
    query, alone, watched, updates = query_of(page, run_id, lab.finished), [], [], []
    for _ in range(lab.rounds):
        await asyncio.sleep(SETTLE_SECONDS)
        alone.append(await training_speed(store, run_id, lab.seconds))
        async with watching(lab.address, page, query, MANY) as viewers:
            await asyncio.sleep(SETTLE_SECONDS)
            before, began = sum(v.updates for v in viewers), time.perf_counter()
            watched.append(await training_speed(store, run_id, lab.seconds))
            after = sum(v.updates for v in viewers)
            updates.append((after - before) / (time.perf_counter() - began) / MANY)
    await asyncio.to_thread(end, store, run_id)
    return Slowdown(page, MANY, alone, watched, updates)


async def measured(rounds: int, seconds: float, only: str) -> tuple[list[Scene], list[Slowdown]]:
    """Measure everything on one server and one store."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        store = open_store(url)
        finished = [trained(store, rate) for rate in np.geomspace(0.001, 0.05, RUNS - 1).tolist()]
        scenes, slowdowns = [], []
        with dashboard(url) as running:
            assert running.process is not None
            lab = Lab(running.address, running.process.pid, store, finished, rounds, seconds)
            for page in PAGES:
                for count in (1, MANY):
                    if only in ("", f"{page}-{count}"):
                        scenes.append(await scene(lab, page, count))
                        print(scene_table(scenes[-1:]), flush=True)
            for page in PAGES:
                if only in ("", f"{page}-slowdown"):
                    slowdowns.append(await slowdown(lab, page))
                    print(slowdown_table(slowdowns[-1:]), flush=True)
        return scenes, slowdowns


def machine() -> list[tuple[str, str]]:
    """Return when and on what it was measured."""
    load = os.getloadavg()[0]
    return [
        ("date", date.today().isoformat()),
        ("processor", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"),
        ("Python, Streamlit", f"{platform.python_version()}, {version('streamlit')}"),
        ("before", f"a load of {load:.1f} by others"),
    ]


def main() -> int:
    """Print the tables and write them into the document, unless only a part was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a window lasts")
    parser.add_argument("--only", default="", help="such as compare-20 or train-slowdown; nothing is written")
    chosen = parser.parse_args()
    here = machine()
    scenes, slowdowns = asyncio.run(measured(chosen.rounds, chosen.seconds, chosen.only))
    for name, block in document_blocks(scenes, slowdowns, here).items():
        print(f"\n{name}\n{block}")
        if not chosen.only:
            write_block(DOCUMENT, name, block)
    return 0


if __name__ == "__main__":
    sys.exit(main())
