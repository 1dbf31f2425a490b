"""Two windows on a live dashboard for ten minutes on a busy machine: errors, lost connections, memory."""

import argparse
import copy
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Error, Page, WebSocket, expect

from benchmarks.browser import Dashboard, chromium, dashboard
from benchmarks.dashboard import trained
from benchmarks.speed_report import figure, markdown
from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.store.runs import set_speed
from engine.store.store import open_store
from engine.store.submit import submit_one
from engine.workers.launcher import ensure_workers

PAGES = ("Train", "Gradients", "Overfitting", "Compare", "Runs", "Data")
LIVE = {"hidden_sizes": [16, 16], "epochs": 1_000_000, "samples": 500, "batch_size": "full"}
STEPS_A_SECOND = 20.0
# A loop of Python keeps a core busy.
BUSY = [sys.executable, "-c", "while True: pass"]
WAIT_SECONDS = 60
SAMPLES = 20
# What is kept once at first (scripts, caches, frames) is no leak: the first third is left out.
GROWTH_AT_MOST = 1.25


@dataclass
class Noticed:
    """What went wrong in the windows, in the order of its happening."""

    console: list[str] = field(default_factory=list)
    sockets: int = 0
    closed: int = 0
    failed: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to a window from now on."""
        page.on("console", lambda each: self._say(each.type, each.text))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("websocket", self._connect)
        page.on("response", lambda each: self._judge(each.status, each.url))
        page.on("requestfailed", lambda each: self.failed.append(f"{each.failure}: {each.url}"))

    def _say(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.console.append(f"{kind}: {text}")

    def _connect(self, socket: WebSocket) -> None:
        self.sockets += 1
        socket.on("close", lambda _: self._lose())

    def _lose(self) -> None:
        self.closed += 1

    def _judge(self, status: int, url: str) -> None:
        if status >= 400:
            self.failed.append(f"{status}: {url}")

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong: each window has the connection that it opened with."""
        return not (self.console or self.failed or self.closed)


@dataclass(frozen=True)
class Memory:
    """Resident memory at a moment, in MB: of the server, and of the browser with all its processes."""

    seconds: float
    server: float
    browser: float


@dataclass
class Soak:
    """What a soak found."""

    seconds: float
    actions: int
    noticed: Noticed
    memory: list[Memory]

    def growth(self, of: Callable[[Memory], float]) -> float:
        """Return the last third's mean against the middle third's; not a number where too little was seen."""
        third = len(self.memory) // 3
        if third == 0:
            return math.nan
        values = [of(each) for each in self.memory]
        return float(np.mean(values[-third:]) / np.mean(values[third : len(values) - third]))

    @property
    def is_flat(self) -> bool:
        """Whether memory of neither grew."""
        found = [self.growth(lambda each: each.server), self.growth(lambda each: each.browser)]
        return all(math.isnan(each) or each <= GROWTH_AT_MOST for each in found)

    def table(self) -> str:
        """Return what was found, a row for each quantity."""
        ends = [self.memory[len(self.memory) // 3], self.memory[-1]] if self.memory else []
        rows: list[tuple[object, ...]] = [
            ("minutes, actions", f"{self.seconds / 60:.1f}, {self.actions}", ""),
            ("errors and warnings in the console", len(self.noticed.console), "0"),
            ("connections lost", self.noticed.closed, "0"),
            ("requests failed", len(self.noticed.failed), "0"),
        ]
        for name in ("server", "browser"):
            found = " to ".join(f"{getattr(each, name):.0f}" for each in ends)
            grown = self.growth(lambda each, name=name: getattr(each, name))
            rows.append(
                (f"memory of the {name}, MB", f"{found} ({figure(grown)} x)", f"≤ {GROWTH_AT_MOST} x")
            )
        return markdown(["", "found", "goal"], rows)


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep processors busy."""
    started = [subprocess.Popen(BUSY) for _ in range(processes)]
    try:
        yield
    finally:
        for each in started:
            each.kill()
            each.wait()


def resident(process: psutil.Process, named: str = "") -> float:
    """Return the memory of a process and its children in MB, or of those children that are named so."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss if named in each.name() else 0
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def change_the_form(page: Page) -> None:
    """Go to Train and choose another activation there and back, as quickly as the page allows."""
    turn_to(page, "Train")
    box = page.get_by_role("combobox", name="Activation", exact=True)  # not that of a layer on the stage
    for name in ("sigmoid", "tanh"):
        box.click()
        page.locator("[role=listbox] [role=option]").filter(has_text=re.compile(f"^{name}$")).click()
    expect(box).to_have_value("tanh", timeout=1000 * WAIT_SECONDS)


def turn_to(page: Page, name: str) -> None:
    """Go to a page by the menu and wait until it is there."""
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_url(f"**/{name.lower()}**", timeout=1000 * WAIT_SECONDS)
    expect(page.locator(".stMain")).to_be_visible(timeout=1000 * WAIT_SECONDS)


def soak(running: Dashboard, browser: Browser, run_id: int, seconds: float, *, slower: float = 1.0) -> Soak:
    """Use the dashboard in two windows.

    Parameters
    ----------
    run_id : int
        A run in training.
    seconds : float
    slower : float
        How many times slower the windows' processors seem to be.
    """
    assert running.process is not None
    server, noticed = psutil.Process(running.process.pid), Noticed()
    pages = []
    for path in (f"train?run={run_id}", f"compare?runs={run_id},1"):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(1000 * WAIT_SECONDS)
        noticed.watch(page)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.goto(f"{running.address}/{path}")
        pages.append(page)
    began, memory, actions = time.monotonic(), [], 0
    while (passed := time.monotonic() - began) < seconds and not noticed.closed:
        page, name = pages[actions % 2], PAGES[actions // 2 % len(PAGES)]
        try:
            turn_to(page, name)
            if name == "Train":
                change_the_form(page)
        except (Error, AssertionError) as error:
            noticed.console.append(f"{name}: {str(error).splitlines()[0]}")
            break
        page.wait_for_timeout(1000)
        actions += 1
        if passed >= len(memory) * seconds / SAMPLES:
            memory.append(Memory(passed, resident(server), resident(psutil.Process(), "chrom")))
    # What closing the windows ends is no failure.
    found = Soak(time.monotonic() - began, actions, copy.deepcopy(noticed), memory)
    for page in pages:
        page.context.close()
    return found


def main() -> int:
    """Print what was found; return 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--load", type=int, default=2, help="processes that keep a core busy")
    parser.add_argument("--slower", type=float, default=3.0, help="how many times slower the windows seem")
    chosen = parser.parse_args()
    if chosen.minutes <= 0 or chosen.load < 0 or chosen.slower < 1:
        parser.error("--minutes must be > 0, --load >= 0 and --slower >= 1")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        store = open_store(url)
        trained(store, 0.01)
        config = parse_config(LIVE)
        run_id = submit_one(store, config, build_dataset(config))
        set_speed(store, run_id, STEPS_A_SECOND)
        with dashboard(url) as running, load(chosen.load), chromium() as browser:
            ensure_workers(url)
            found = soak(running, browser, run_id, 60 * chosen.minutes, slower=chosen.slower)
    print(found.table())
    for each in [*found.noticed.console, *found.noticed.failed][:20]:
        print(f"- {each}")
    return 0 if found.noticed.is_clean and found.is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
