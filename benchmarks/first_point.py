"""From Start to the first drawn point, with a warm worker, in a real browser: median of ten."""

import argparse
import statistics
import tempfile
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Browser

from benchmarks.browser import NoBrowser, chromium, dashboard, wait_until
from engine.store.runs import list_runs, request
from engine.store.schema import workers
from engine.store.store import Store, open_store

CLICK_AND_WAIT = """button => new Promise(resolve => {
    const drawn = [".points path", "path.js-line[d*='L']"].map(part => `.js-plotly-plot ${part}`);
    const began = performance.now();
    const look = () => document.querySelector(drawn.join())
        ? resolve(performance.now() - began)
        : requestAnimationFrame(look);
    button.click();
    look();
})"""


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
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        try:
            with chromium() as browser, dashboard(url) as running:
                store = open_store(url)
                times = [first_point(browser, running.address, store) / 1000 for _ in range(rounds)]
        except NoBrowser as error:
            parser.error(str(error))
    print("seconds from Start to the first drawn point:", " ".join(f"{each:.2f}" for each in times))
    print(f"median {statistics.median(times):.2f}, worst {max(times):.2f}")


if __name__ == "__main__":
    main()
