"""A store of its own for one fault: real processes work on it, and what they leave is checked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import psutil
import sqlalchemy as sa

from benchmarks.faults_disk import PAGES_VARIABLE
from benchmarks.faults_runs import EVERY_RUN, RECIPES, Broken, Missed, kept, unbroken
from engine.config import parse_config
from engine.store.lease import claim, new_owner
from engine.store.row import RunRow
from engine.store.runs import get_run, list_runs, reopen
from engine.store.schema import runs, workers
from engine.store.store import Store, open_store
from engine.store.submit import submit, with_seeds
from engine.workers.launcher import ONE_THREAD, ROOT
from engine.workers.session import train_claimed

SECONDS_AT_MOST = 180


def settle(condition: Callable[[], object], what: str) -> None:
    """Wait for what must come.

    Raises
    ------
    Broken
        When it does not come in a time that is long for every machine.
    """
    until = time.monotonic() + SECONDS_AT_MOST
    while not condition():
        if time.monotonic() > until:
            raise Broken(f"within {SECONDS_AT_MOST} s it did not happen that {what}")
        time.sleep(0.01)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what is promised all the same.

    Attributes
    ----------
    checked : str
        What was looked at, for the table.
    inflict : callable
        Takes a lab and a number; strikes once or more, up to that number, and returns how often. Raises
        ``Broken`` where a promise is not kept.
    small, full : int
        How often it strikes in the small and in the full counts.
    together : int
        How often at most in one lab.
    """

    name: str
    checked: str
    inflict: Callable[["Lab", int], int]
    small: int
    full: int
    together: int = 1


@dataclass(eq=False)
class Lab:
    """A folder with a store, the processes on it, and what they print.

    Attributes
    ----------
    random : Random
        Decides where and when a fault strikes.
    is_hasty : bool
        For small counts: one recipe alone; locks are reported, and stopped workers replaced, sooner than the
        program does; killed runs are resumed in this process.
    recipe : int
        Which of ``RECIPES`` is trained.
    """

    folder: Path
    random: Random
    is_hasty: bool = False
    children: list[subprocess.Popen[str]] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    opened: Store | None = None

    def __post_init__(self) -> None:
        self.recipe = 0 if self.is_hasty else self.random.randrange(len(RECIPES))
        self.place = self.folder / "lab.db"

    @property
    def url(self) -> str:
        """Where processes find the store."""
        return f"sqlite:///{self.place}"

    @property
    def store(self) -> Store:
        """The store; opened at the first look."""
        if self.opened is None:
            self.opened = open_store(self.url)
        return self.opened

    def submit(self, seeds: int = 1) -> list[int]:
        """Queue the recipe, with several seeds side by side."""
        config = parse_config({**EVERY_RUN, **RECIPES[self.recipe]})
        return submit(self.store, with_seeds(config, seeds))

    def log(self) -> Path:
        """Return a new file for what a process prints."""
        self.logs.append(self.folder / f"printed{len(self.logs)}")
        return self.logs[-1]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command on the store."""
        module = ("-m", "engine")
        if self.is_hasty or PAGES_VARIABLE in os.environ:
            module = ("-m", "benchmarks.faults_child", *(["--hasty"] if self.is_hasty else []))
        with self.log().open("w") as log:
            child = subprocess.Popen(
                [sys.executable, *module, *arguments, "--store", self.url],
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
            )
        self.children.append(child)
        return child

    def row(self, run_id: int) -> RunRow:
        """Read the row of a run, and the list of all: reads go on whatever happens."""
        if all(row.id != run_id for row in list_runs(self.store)):
            raise Broken(f"run {run_id} is not listed")
        return get_run(self.store, run_id)

    def holder(self, run_id: int) -> int | None:
        """Return the process that holds a run."""
        with self.store.reading() as connection:
            return connection.scalar(sa.select(runs.c.lease_pid).where(runs.c.id == run_id))

    def trains(self, run_id: int, child: subprocess.Popen[str], since: int = -1) -> bool:
        """Tell whether a process trains a run and came beyond a step."""
        if child.poll() == 0:
            raise Missed
        if child.poll() is not None:
            raise Broken(f"a process ended by itself: {self.printed()[-300:]}")
        return self.holder(run_id) == child.pid and self.row(run_id).step > since

    def pause(self, most: float) -> None:
        """Let a moment pass, at random."""
        time.sleep(self.random.uniform(0, most))

    def printed(self) -> str:
        """Return what all processes printed so far."""
        return "".join(log.read_text("utf-8", "replace") for log in self.logs if log.exists())

    def check_beginning(self, run_id: int) -> None:
        """Check that the store has a consistent beginning of a run that was killed."""
        row, left, whole = self.row(run_id), kept(self.store, run_id), unbroken(self.recipe)
        if wrong := whole.missing_in(left, is_whole=False):
            raise Broken(f"a killed process left {wrong}")
        if left.step not in (row.step, -1) or (len(left.records) and left.records["step"][-1] > left.step):
            raise Broken(f"a killed process left records or a row that are not of its state {left.step}")

    def check_end(self, *run_ids: int) -> None:
        """Check that runs have finished with the bits of unbroken ones, the n-th with seed n."""
        for seed, run_id in enumerate(run_ids):
            row = self.row(run_id)
            if row.status != "finished":
                raise Broken(f"run {run_id} ended as {row.status}: {row.message}")
            if wrong := unbroken(self.recipe, seed).missing_in(kept(self.store, run_id)):
                raise Broken(f"run {run_id} ended with {wrong}")
        self.check_words()

    def check_words(self) -> None:
        """Check that no process printed a traceback."""
        words = self.printed()
        if "Traceback" in words:
            raise Broken(f"a traceback was printed: {words[words.index('Traceback') :][-300:]}")

    def reopen_given_up(self, run_id: int) -> bool:
        """Queue a run again that failed, as promised, when its workers died too often without progress."""
        row = self.row(run_id)
        if row.status != "failed" or "without progress" not in row.message:
            return False
        reopen(self.store, run_id)
        return True

    def finish(self, run_id: int) -> None:
        """Have a new worker end a run, and check how it ended."""
        self.reopen_given_up(run_id)
        if self.is_hasty and (lease := claim(self.store, new_owner(), run_id)) is not None:
            train_claimed(self.store, lease)
        else:
            worker = self.start("worker")
            settle(lambda: worker.poll() is not None or self.row(run_id).ended, f"run {run_id} ends")
            if self.reopen_given_up(run_id):
                settle(lambda: worker.poll() is not None or self.row(run_id).ended, f"run {run_id} ends")
        self.check_end(run_id)

    def end(self) -> None:
        """Kill what is left of the processes of this store, and no other."""
        found = {child.pid for child in self.children if child.poll() is None}
        if self.opened is not None:
            with self.opened.reading() as connection:
                found |= {*connection.scalars(sa.select(workers.c.pid))}
                found |= {*connection.scalars(sa.select(runs.c.lease_pid).where(runs.c.lease_pid > 0))}
        for pid in found:
            with suppress(psutil.Error):
                if self.url in psutil.Process(pid).cmdline() or pid in {c.pid for c in self.children}:
                    os.kill(pid, signal.SIGKILL)
        for child in self.children:
            child.wait()
        if self.opened is not None:
            self.opened.close()
            self.opened = None


@contextmanager
def lab(random: Random, *, is_hasty: bool = False) -> Iterator[Lab]:
    """Give a lab; its processes and its folder are gone afterwards."""
    with TemporaryDirectory(prefix="faults") as folder:
        made = Lab(Path(folder), random, is_hasty)
        try:
            yield made
        finally:
            made.end()
