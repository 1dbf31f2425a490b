"""From Start to the first drawn point, with a warm worker, in a real browser: median of ten."""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from engine.runs.catalog import list_runs, request
from engine.runs.schema import workers
from engine.runs.store import STORE_VARIABLE, Store, open_store

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CLICK_AND_WAIT = """button => new Promise(resolve => {
    const drawn = [".points path", "path.js-line[d*='L']"].map(part => `.js-plotly-plot ${part}`);
    const began = performance.now();
    const look = () => document.querySelector(drawn.join())
        ? resolve(performance.now() - began)
        : requestAnimationFrame(look);
    button.click();
    look();
})"""


@contextmanager
def server(store_url: str) -> Iterator[str]:
    """Run the dashboard on a store and give its address; workers that are left end with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard.py", *options],
        cwd=ROOT,
        env={**os.environ, STORE_VARIABLE: store_url},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_healthy(address))
        yield address
    finally:
        process.terminate()
        process.wait()
        with open_store(store_url).reading() as connection:
            for pid in connection.scalars(sa.select(workers.c.pid)).all():
                os.kill(pid, signal.SIGTERM)


def is_healthy(address: str) -> bool:
    """Tell whether the server answers."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
            return True
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition; leave with an error when it does not come true."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(0.05)


def is_warm(store: Store) -> bool:
    """Tell whether a worker waits with its imports done."""
    with store.reading() as connection:
        return bool(connection.scalar(sa.select(sa.func.count()).where(workers.c.idle)))


def first_point(browser: Browser, address: str, store: Store) -> float:
    """Return the milliseconds from the click on Start to the first drawn point, in a window of its own."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{address}/train?run=0")
    start = page.get_by_role("button", name="Start", exact=False).first
    start.wait_for()
    wait_until(lambda: is_warm(store))
    page.wait_for_timeout(1500)
    milliseconds = start.evaluate(CLICK_AND_WAIT)
    page.close()
    request(store, list_runs(store)[0].id, "stop")
    wait_until(lambda: list_runs(store)[0].ended)
    return milliseconds


def main() -> None:
    """Print each time and the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        parser.error(f"a browser is required: {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        with server(url) as address:
            times = [first_point(browser, address, open_store(url)) / 1000 for _ in range(rounds)]
        browser.close()
    print("seconds from Start to the first drawn point:", " ".join(f"{each:.2f}" for each in times))
    print(f"median {statistics.median(times):.2f}, worst {max(times):.2f}")


if __name__ == "__main__":
    main()
