"""How quickly the microscope answers a key: python -m benchmarks.microscope."""

import statistics
import tempfile

from playwright.sync_api import Page

from benchmarks.browser import chromium, dashboard
from engine.config import parse_config
from engine.store.lease import claim, new_owner
from engine.store.store import open_store
from engine.store.submit import Submission, submit
from engine.workers.session import train_claimed

SIZES = ([3, 2], [16, 16], [64, 64, 64])
# From the moment of the event to the frame after the one in which it was drawn.
PRESS = """key => new Promise((done) => {
  const root = document.querySelector('.microscope');
  const event = new KeyboardEvent('keydown', { key, bubbles: true });
  const began = performance.now();
  root.dispatchEvent(event);
  const drawn = performance.now() - began;
  requestAnimationFrame(() => requestAnimationFrame(() => done([drawn, performance.now() - began])));
})"""


def measure(page: Page, address: str) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each key, there and back through all calls: until drawn, until on screen."""
    page.goto(address)
    page.wait_for_function("() => document.querySelector('.microscope')?.dataset.call !== undefined")
    page.wait_for_timeout(2000)
    calls = int(page.locator(".microscope").get_attribute("data-calls") or 0)
    keys = ["ArrowRight"] * (calls - 1) + ["ArrowLeft"] * (calls - 1)
    found = [page.evaluate(PRESS, key) for key in keys]
    return [drawn for drawn, _ in found], [seen for _, seen in found]


def main() -> None:
    """Measure networks of several sizes and print one line for each."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lab.db"
        store, runs = open_store(url), []
        for sizes in SIZES:
            (run,) = submit(store, [Submission(parse_config({"hidden_sizes": sizes, "epochs": 3}))])
            lease = claim(store, new_owner(), run)
            assert lease is not None
            train_claimed(store, lease)
            runs.append(run)
        with dashboard(url) as running, chromium() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            print("| network | rows | calls | drawn, median | drawn, slowest | on screen, median | slowest |")
            print("|---|---|---|---|---|---|---|")
            for run, sizes in zip(runs, SIZES, strict=True):
                for rows in ("one", "batch"):
                    row = "&row=batch" if rows == "batch" else ""
                    drawn, seen = measure(page, f"{running.address}/backprop?run={run}&step=3{row}")
                    name = "-".join(map(str, [2, *sizes, 1]))
                    times = [statistics.median(drawn), max(drawn), statistics.median(seen), max(seen)]
                    found = " | ".join(f"{time:.1f} ms" for time in times)
                    print(f"| {name} | {rows} | {len(drawn) // 2 + 1} | {found} |")


if __name__ == "__main__":
    main()
