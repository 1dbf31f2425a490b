"""What opening a page costs: of ours, an empty one, TensorBoard and optuna-dashboard, in one series."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, ViewportSize
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks.browser import chromium, dashboard
from benchmarks.machine import processor
from benchmarks.opening_data import made
from benchmarks.opening_pages import COMPARE, TRAIN, Opened, ours, peers
from benchmarks.opening_report import Cost, Idle, Openings, blocks
from docs.blocks import write_block

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "opening.md"
PEERS = Path(".venv-opening/bin/python")
WINDOW: ViewportSize = {"width": 1440, "height": 900}
SECONDS_AT_MOST, SETTLE_SECONDS = 90, 2.0
BROWSERS = ("chrom",)


class Traffic:
    """Counts what a page asks for and what comes over the wire, by Chromium's own figures.

    Attributes
    ----------
    requests : int
        Over HTTP; a WebSocket is one. What the page makes itself (``data:``, ``blob:``) is none.
    bytes : int
        Over the wire, packed; of a WebSocket its unpacked messages, which Chromium alone knows.
    """

    def __init__(self, page: Page) -> None:
        self.requests, self.bytes, self.messages = 0, 0, 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda each: self._ask(each["request"]["url"]))
        session.on("Network.webSocketCreated", lambda each: self._ask(each["url"]))
        session.on("Network.loadingFinished", lambda each: self._take(each["encodedDataLength"]))
        session.on("Network.webSocketFrameReceived", lambda each: self._frame(each["response"]))

    def _ask(self, address: str) -> None:
        self.requests += not address.startswith(("data:", "blob:"))

    def _take(self, size: float) -> None:
        self.bytes += int(size)

    def _frame(self, frame: dict) -> None:
        text = frame["payloadData"]
        self.messages += 1
        self.bytes += len(text) * 3 // 4 if frame["opcode"] == 2 else len(text)


def used(process: psutil.Process, named: Sequence[str] = ()) -> float:
    """Return the processor seconds of a process and its children, or of those children that are named so."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            if not named or any(part in each.name() for part in named):
                times = each.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def browser_seconds() -> float:
    """Return what the browser that this process started has used."""
    return used(psutil.Process(), BROWSERS)


def watched(browser: Browser, opened: Opened) -> tuple[Page, Traffic, Cost]:
    """Open a page in a new window and wait until it is drawn and two seconds have passed."""
    page = browser.new_context(viewport=WINDOW).new_page()
    page.add_init_script(opened.watch)
    traffic = Traffic(page)
    server = psutil.Process(opened.server)
    browser_before, server_before = browser_seconds(), used(server)
    page.goto(opened.address, wait_until="commit")
    try:
        page.wait_for_function("window.opening.all", timeout=1000 * SECONDS_AT_MOST, polling=100)
    except PlaywrightTimeout as error:
        raise TimeoutError(f"{opened.name} was not drawn: {page.evaluate('window.opening')}") from error
    page.wait_for_timeout(1000 * SETTLE_SECONDS)
    seen = page.evaluate("window.opening")
    cost = Cost(
        first=seen["first"] / 1000,
        drawn=seen["all"] / 1000,
        browser=browser_seconds() - browser_before,
        server=used(server) - server_before,
        requests=traffic.requests,
        kilobytes=traffic.bytes / 1000,
    )
    return page, traffic, cost


def opening(opened: Opened) -> Cost:
    """Measure one opening in a browser of its own, which has kept nothing."""
    with chromium() as browser:
        return watched(browser, opened)[2]


def idle(opened: Opened, seconds: float) -> Idle:
    """Measure a page that nobody touches, some seconds after it was drawn."""
    with chromium() as browser:
        page, traffic, _ = watched(browser, opened)
        page.wait_for_timeout(5000)
        server = psutil.Process(opened.server)
        before = browser_seconds(), used(server), traffic.requests, traffic.messages
        page.wait_for_timeout(1000 * seconds)
        after = browser_seconds(), used(server), traffic.requests, traffic.messages
    spent = [now - then for now, then in zip(after, before, strict=True)]
    return Idle(seconds, spent[0], spent[1], int(spent[2]), int(spent[3]))


def after_a_start(url: str, compared: Sequence[int]) -> dict[str, tuple[float, float]]:
    """Return for two pages the seconds to the first picture right after a server's start, and later."""
    found = {}
    for name in (TRAIN, COMPARE):
        with dashboard(url) as running:
            (opened,) = [each for each in ours(running, compared) if each.name == name]
            found[name] = (opening(opened).first, opening(opened).first)
    return found


def measured(rounds: int, count: int, seconds: float, python: Path, say: Callable[[str], None]) -> Openings:
    """Measure everything; what disturbs a round disturbs all of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        say(f"training {count} runs")
        url, compared = made(folder, count, python)
        found = Openings(count)
        with dashboard(url) as running, peers(folder, python, count) as others:
            everything = [*ours(running, compared), *others]
            for each in everything:  # for what is computed once a server
                opening(each)
            for number in range(rounds):
                for each in everything:
                    found.costs.setdefault(each.name, []).append(opening(each))
                say(f"round {number + 1} of {rounds}")
            for each in everything:
                found.idle[each.name] = idle(each, seconds)
        for _ in range(rounds):
            for name, pair in after_a_start(url, compared).items():
                found.starts.setdefault(name, []).append(pair)
        return found


def machine() -> list[tuple[str, str]]:
    """Return when and on what it was measured."""
    return [
        ("date", date.today().isoformat()),
        ("machine", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"),
        ("Python, Streamlit", f"{platform.python_version()}, {version('streamlit')}"),
        ("before", f"a load of {os.getloadavg()[0]:.1f} by others"),
    ]


def main() -> int:
    """Print the tables and write them into the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=300, help="runs in the store, 21 or more")
    parser.add_argument("--idle", type=float, default=20.0, help="seconds that an idle page is watched")
    parser.add_argument("--python", type=Path, default=PEERS, help="interpreter of the peers' environment")
    parser.add_argument("--dry", action="store_true", help="write nothing into the document")
    chosen = parser.parse_args()
    if chosen.rounds < 1 or chosen.runs < 21:
        parser.error(
            f"--rounds must be 1 or more and --runs 21 or more, got {chosen.rounds} and {chosen.runs}"
        )
    if not chosen.python.exists():
        parser.error(f"{chosen.python} is missing; `make bench-opening` installs it")
    here, began = machine(), time.time()
    found = measured(
        chosen.rounds,
        chosen.runs,
        chosen.idle,
        chosen.python.absolute(),
        lambda text: print(text, flush=True),
    )
    for name, block in blocks(found, here).items():
        print(f"\n{name}\n{block}")
        if not chosen.dry:
            write_block(DOCUMENT, name, block)
    print(f"\n{time.time() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
