"""What stands still: a lock that another process holds, a full disk, a worker that is stopped."""

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from functools import partial

import sqlalchemy as sa

from benchmarks.faults_disk import SmallDisk, small_disk
from benchmarks.faults_kills import BITS
from benchmarks.faults_lab import Fault, Lab, settle
from benchmarks.faults_runs import EVERY_RUN, RECIPES, Broken, Missed
from engine.store.schema import workers
from engine.store.standstill import why_not_writable

SHORT_LOCK, LONG_LOCK = 5.0, 60.0
# How long a lock is held at least in the small counts, where it is said sooner.
HASTY_LOCK = 0.5


def trained_by(lab: Lab) -> tuple[int, subprocess.Popen[str]]:
    """Have a run trained by a worker or, as often, by ``train``; return both once it is under way."""
    if lab.random.random() < 0.5:
        (run_id,) = lab.submit()
        child = lab.start("worker")
    else:
        run_id, child = 1, lab.start("train", *options({**EVERY_RUN, **RECIPES[lab.recipe]}))
        settle(lambda: child.poll() is not None or lab.place.exists(), "`train` makes its store")
    settle(partial(under_way, lab, run_id, child), "the run is under way")
    return run_id, child


def under_way(lab: Lab, run_id: int, child: subprocess.Popen[str]) -> bool:
    """Tell whether a process has committed something of a run."""
    with lab.store.reading() as connection:
        if connection.execute(sa.text("SELECT 1 FROM runs WHERE id = :run"), {"run": run_id}).first() is None:
            return False
    return lab.trains(run_id, child, 0)


def options(settings: dict[str, object]) -> list[str]:
    """Return settings as options of the command line."""
    words = []
    for name, value in settings.items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        words += [f"--{name.replace('_', '-')}", text]
    return words


def locked(lab: Lab, seconds: float, *, is_said: bool) -> int:
    """Hold the write lock from another process than the one that trains, until that says so if it has to."""
    run_id, child = trained_by(lab)
    sentence = f"waiting: another process holds the write lock of the store {lab.place}; it goes on by itself"
    lab.pause(0.3)
    with closing(sqlite3.connect(lab.place, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        step, began = lab.row(run_id).step, time.monotonic()
        if lab.row(run_id).ended:
            raise Missed

        def is_over() -> bool:
            lab.check_beginning(run_id)
            if lab.row(run_id).step != step:
                raise Broken("a run was written past a lock")
            return time.monotonic() - began > seconds and (not is_said or sentence in lab.printed())

        settle(is_over, f"somebody says: {sentence}")
        other.execute("ROLLBACK")
    ends(lab, run_id, child)
    return 1


def ends(lab: Lab, run_id: int, child: subprocess.Popen[str]) -> None:
    """Check that a run goes on by itself and ends as ever."""
    settle(lambda: child.poll() is not None or lab.row(run_id).ended, f"run {run_id} goes on and ends")
    lab.check_end(run_id)


def briefly_locked(lab: Lab, _times: int) -> int:
    """Hold the lock for 5 s, which is no longer than SQLite itself waits for it."""
    return locked(lab, HASTY_LOCK if lab.is_hasty else SHORT_LOCK, is_said=False)


def long_locked(lab: Lab, _times: int) -> int:
    """Hold the lock for a minute."""
    return locked(lab, HASTY_LOCK if lab.is_hasty else LONG_LOCK, is_said=True)


def full_disk(lab: Lab, _times: int) -> int:
    """Fill the disk of the store to the brim while a run is trained on it."""
    with small_disk(lab.folder / "disk") as disk:
        lab.place = disk.folder / "lab.db"
        try:
            _fill(lab, disk)
        finally:
            lab.end()
    return 1


def _fill(lab: Lab, disk: SmallDisk) -> None:
    (run_id,) = lab.submit()
    child = lab.start("worker")
    settle(partial(under_way, lab, run_id, child), "the run is under way")
    lab.pause(0.2)
    disk.fill()
    if lab.row(run_id).ended:
        raise Missed
    sentence = f"waiting: the disk of the store {lab.place} is full; it goes on by itself"
    settle(lambda: sentence in lab.printed(), f"somebody says: {sentence}")
    lab.check_beginning(run_id)
    disk.clear()
    ends(lab, run_id, child)


def stopped_and_woken(lab: Lab, _times: int) -> int:
    """Stop a worker, wait until another has its run, and wake it up: at once, or after the run's end."""
    (run_id,) = lab.submit()
    sleeper = lab.start("worker")
    settle(partial(under_way, lab, run_id, sleeper), "the run is under way")
    lab.pause(0.3)
    sleeper.send_signal(signal.SIGSTOP)
    while why_not_writable(lab.store):  # in a commit: it holds the lock, and nobody could take over
        sleeper.send_signal(signal.SIGCONT)
        time.sleep(0.03)
        sleeper.send_signal(signal.SIGSTOP)
    if lab.row(run_id).ended:
        raise Missed
    other = lab.start("worker")
    settle(lambda: lab.trains(run_id, other), "another worker takes the run over")
    # Both would come to the same bits: what the first one writes shows once the other has ended the run.
    if lab.is_hasty or lab.random.random() < 0.5:
        settle(lambda: lab.row(run_id).ended, "the run ends")
    sleeper.send_signal(signal.SIGCONT)
    settle(lambda: lab.row(run_id).ended, "the run ends")
    before = lab.row(run_id)
    settle(lambda: sleeper.poll() is not None or _waits(lab, sleeper.pid), "the worker that woke up leaves")
    if lab.row(run_id) != before:
        raise Broken("a worker that woke up wrote something")
    lab.check_end(run_id)
    return 1


def _waits(lab: Lab, pid: int) -> bool:
    """Tell whether a worker trains nothing any more."""
    with lab.store.reading() as connection:
        return bool(connection.scalar(sa.select(workers.c.idle).where(workers.c.pid == pid)))


LOCKED = "nothing is written past it, lists and records are read meanwhile, and it goes on by itself"
WAITS = (
    Fault(
        "write lock held by another process, 60 s",
        f"said with the path; {LOCKED}; {BITS}",
        long_locked,
        small=1,
        full=3,
    ),
    Fault(
        "write lock held by another process, 5 s",
        f"{LOCKED}; {BITS}",
        briefly_locked,
        small=1,
        full=20,
    ),
    Fault(
        "disk full to the brim in the middle of a run",
        f"said with the path, records are read meanwhile; with room it goes on by itself; {BITS}",
        full_disk,
        small=1,
        full=20,
    ),
    Fault(
        "worker stopped by SIGSTOP; another takes the run over, and then the first wakes up",
        f"who wakes up writes nothing and leaves; {BITS}",
        stopped_and_woken,
        small=1,
        full=20,
    ),
)
