"""From ``make run`` in a fresh clone to a page that can be used, in a real browser; trains nothing."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from benchmarks.around_report import Measured
from benchmarks.browser import Dashboard, chromium, wait_until
from engine.store.schema import workers
from engine.store.store import STORE_VARIABLE, open_store

ROOT = Path(__file__).resolve().parents[1]
OPENED_SECONDS = 5.0
LEFT_BY_RUNNING = (".git", ".venv*", ".lab", "static", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")


def opening(rounds: int) -> Iterator[Measured]:
    """Measure the time until Start can be clicked, and of it the time until the server answers."""
    answered, usable = [], []
    with chromium() as browser:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                clone = Path(folder) / "clone"
                fresh_clone(clone)
                server, page = _opened(browser, clone)
                answered.append(server)
                usable.append(page)
    yield Measured(
        "f", "`make run` in a fresh clone to a page whose Start can be clicked", usable, "s", OPENED_SECONDS
    )
    yield Measured("f", "of that: until the server answers", answered, "s")


def fresh_clone(place: Path) -> None:
    """Copy what a clone has, changes of today included: no store, no copied scripts, no compiled modules.

    The environment is linked, as installed; the requirements are old, so that make has nothing to install.
    """
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*LEFT_BY_RUNNING))
    for requirements in place.glob("requirements*.txt"):
        os.utime(requirements, (0, 0))
    (place / ".venv").symlink_to((ROOT / ".venv").resolve())


def _opened(browser: Browser, clone: Path) -> tuple[float, float]:
    port = Dashboard("").port
    environment = {name: value for name, value in os.environ.items() if name != STORE_VARIABLE}
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=clone,
        env={**environment, "CI": "1"},  # opens no browser of its own
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: _answers(port))
        answered = time.perf_counter() - started
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.get_by_role("button", name="Start", exact=False).first).to_be_enabled(timeout=60_000)
        usable = time.perf_counter() - started
        page.close()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        _end_workers(clone)
    return answered, usable


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
            return True
    except OSError:
        return False


def _end_workers(clone: Path) -> None:
    with closing(open_store(f"sqlite:///{clone}/.lab/lab.db")) as store, store.reading() as connection:
        pids = list(connection.scalars(sa.select(workers.c.pid)))
    for pid in filter(psutil.pid_exists, pids):
        os.kill(pid, signal.SIGKILL)
