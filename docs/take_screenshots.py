"""Writes a picture of each page in light, dark and 390 px to docs/screenshots, on runs trained for it."""

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser

from benchmarks.browser import chromium, dashboard
from engine.config import parse_config
from engine.config.presets import with_preset
from engine.data.dataset import build_dataset
from engine.store.lease import claim, new_owner
from engine.store.store import Store, open_store
from engine.store.submit import submit_one
from engine.workers.session import train_claimed

FOLDER = Path(__file__).with_name("screenshots")
RUNS = (
    ("two moons", None, {}),
    ("ten sigmoid layers", "vanishing", {}),
    ("ten relu layers", "cured", {}),
    ("digits", "digits", {}),
    ("overfits", "overfit", {}),
    ("with dropout", "dropout", {}),
    ("a surface", None, {"dataset": "plane", "hidden_sizes": [16]}),
    ("small", None, {"hidden_sizes": [3, 2], "epochs": 100, "seed": 1}),
)
PAGES = {
    "train": "train?run=1",
    "train-digits": "train?run=4",
    "backprop": "backprop",
    "backprop-step": "backprop?run=8&step=3",
    "learn": "learn?lesson=vanishing-gradients",
    "gradients": "gradients?run=2&with=3",
    "overfitting": "overfitting?run=5",
    "compare": "compare?runs=5,6",
    "runs": "runs",
    "data": "data",
}
LOOKS: dict[str, Any] = {
    "light": {"viewport": {"width": 1400, "height": 1000}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 1000}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
CONTENT_HEIGHT = "() => Math.max(...[...document.querySelectorAll('.stMain')].map(part => part.scrollHeight))"
DRAWN = ".js-plotly-plot, .runs-table tr, [class*=data_card] img, .neuron canvas"
SETTLED_MILLISECONDS = 3000
TALLEST = 6000
# What comes once somebody scrolls there may have the like below it.
HIDDEN_AT_MOST = 4


def train_runs(store: Store) -> None:
    """Train the runs that the pictures show."""
    for name, preset, settings in RUNS:
        config = parse_config(settings if preset is None else with_preset(preset, settings))
        lease = claim(store, new_owner(), submit_one(store, config, build_dataset(config), name=name))
        assert lease is not None
        print(f"{name}: {train_claimed(store, lease)}")


def take(browser: Browser, address: str, look: str) -> None:
    """Write the picture of every page in one look, as tall as its content."""
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.set_default_timeout(60_000)
    for name, place in PAGES.items():
        page.set_viewport_size(LOOKS[look]["viewport"])
        page.goto(f"{address}/{place}")
        page.locator(DRAWN).first.wait_for()
        page.wait_for_timeout(SETTLED_MILLISECONDS)
        for _ in range(HIDDEN_AT_MOST):
            height = min(int(page.evaluate(CONTENT_HEIGHT)) + 8, TALLEST)
            page.set_viewport_size({"width": LOOKS[look]["viewport"]["width"], "height": height})
            page.wait_for_timeout(SETTLED_MILLISECONDS)
            if page.locator(".lab-below").count() == 0:
                break
        _write(page.screenshot(), FOLDER / f"{name}-{look}.png")
        print(f"{name}-{look}.png")
    context.close()


def _write(picture: bytes, path: Path) -> None:
    """Write a picture with 256 colours: a third of the bytes, and hardly a difference to the eye.

    Colours that few pixels have, such as those of thin lines, are kept: the common method turns them grey.
    """
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    whole.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=2).save(path, optimize=True)


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        train_runs(open_store(url))
        with dashboard(url) as running:
            for look in LOOKS:
                take(browser, running.address, look)


if __name__ == "__main__":
    main()
