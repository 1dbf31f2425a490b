"""A dashboard of its own and a real Chromium: for measurements, screenshots and browser tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from engine.store.schema import workers
from engine.store.store import STORE_VARIABLE, open_store

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The same browser without windows: a quarter less of the processor for a page.
SHELL = "chromium-headless-shell"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
# All pages in one process: the next one finds it warm.
AT_HOME = (*QUIET, "--renderer-process-limit=1")


class NoBrowser(RuntimeError):
    """No Chromium and no Chrome is on the PATH."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium.

    Raises
    ------
    NoBrowser
        When none is on the PATH.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable((*BROWSERS, SHELL)), args=list(QUIET)
        )
        yield browser
        browser.close()


@contextmanager
def chromium_at_home(folder: Path) -> Iterator[BrowserContext]:
    """Give the windows of a light headless Chromium that keeps its caches: a script is compiled once.

    Parameters
    ----------
    folder : Path
        Where it keeps that; empty at first.

    Raises
    ------
    NoBrowser
        When none is on the PATH.
    """
    with sync_playwright() as playwright:
        windows = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=_executable((SHELL, *BROWSERS)),
            args=list(AT_HOME),
            accept_downloads=True,
        )
        yield windows
        windows.close()


def _executable(names: tuple[str, ...]) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise NoBrowser(f"one of {', '.join(names)} must be on the PATH; `make browser` installs Debian's")
    return found


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition.

    Raises
    ------
    TimeoutError
        When it does not come true in time.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(0.05)


def answers(address: str) -> bool:
    """Tell whether a server answers there."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Dashboard:
    """The dashboard on a store; it can be ended and started again at the same address."""

    store_url: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    output: int | IO[str] = subprocess.DEVNULL

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--server.port", str(self.port), "--server.headless", "true"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard.py", *options],
            cwd=ROOT,
            env={**os.environ, STORE_VARIABLE: self.store_url},
            stdout=self.output,
            stderr=self.output,
        )
        wait_until(lambda: answers(f"{self.address}/_stcore/health"))

    def end(self) -> None:
        """End it; its workers live on."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait()


@contextmanager
def dashboard(store_url: str) -> Iterator[Dashboard]:
    """Give a fresh dashboard on a store; it ends, and its workers with it."""
    running = Dashboard(store_url)
    running.start()
    try:
        yield running
    finally:
        running.end()
        with open_store(store_url).reading() as connection:
            pids = list(connection.scalars(sa.select(workers.c.pid)))
        for pid in filter(psutil.pid_exists, pids):
            os.kill(pid, signal.SIGKILL)
