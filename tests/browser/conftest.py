"""A real server on a store of its own, and a real Chromium; a missing browser fails the tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect, sync_playwright

from engine.runs.schema import workers
from engine.runs.store import STORE_VARIABLE, open_store

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=60_000)
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "no Chromium was found; `make test` installs Debian's where it may"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


@dataclass
class Server:
    """The dashboard on a store; it can be ended and started again at the same address."""

    store_url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
        self.process = subprocess.Popen(
            [*command, "--server.port", str(self.port), "--server.headless", "true"],
            cwd=ROOT,
            env={**os.environ, STORE_VARIABLE: self.store_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_until_healthy(self.address)

    def end(self) -> None:
        """End it; its workers live on."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def dashboard(store_url: str) -> Iterator[Server]:
    """A fresh server; its workers end with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Server(store_url, port)
    running.start()
    yield running
    running.end()
    with open_store(store_url).reading() as connection:
        pids = list(connection.scalars(sa.select(workers.c.pid)))
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def server(dashboard: Server) -> str:
    """Address of a fresh server."""
    return dashboard.address


def _wait_until_healthy(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.1)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window that waits up to 30 s for what it is asked to find."""
    context = browser.new_context(viewport={"width": 1400, "height": 1200}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()
