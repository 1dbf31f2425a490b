"""Writes two moving pictures to docs/moving: a run that learns, and a vanishing gradient that is cured."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page

from benchmarks.browser import chromium, dashboard
from docs.take_screenshots import train_runs
from engine.store.store import open_store

FOLDER = Path(__file__).with_name("moving")
WIDTH, TITLE_HEIGHT = 960, 34
FRAME_MILLISECONDS, LAST_MILLISECONDS = 110, 1500
QUALITY = 62
BYTES_AT_MOST = 2_000_000
# Of the runs of docs/take_screenshots.py: run, what stands above it, whether gradients are shown, frames.
FILMS: dict[str, tuple[tuple[int, str, bool, int], ...]] = {
    "learning": ((1, "Two moons, two hidden layers of 16 tanh units", False, 48),),
    "cured": (
        (2, "Ten sigmoid layers: the gradient vanishes on its way back, nothing is learned", True, 22),
        (3, "The same network with ReLU: every layer gets its gradient", True, 32),
    ),
}
DRAWN = """() => [...document.querySelectorAll('.stage .live-chart')].length > 0
  && [...document.querySelectorAll('.stage .live-chart')].every(each => Number(each.dataset.draws) > 0)"""
SEEK = """place => { const slider = document.querySelector('.stage .replay-slider');
  slider.value = Math.round(place * slider.max); slider.dispatchEvent(new Event('input')); }"""


def frames_of(page: Page, address: str, run: int, shows_gradients: bool, count: int) -> Iterator[Image.Image]:
    """Yield the stage at so many moments of a run, evenly spread over its frames."""
    page.goto(f"{address}/train?run={run}")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(4000)
    if shows_gradients:
        page.get_by_label("What the lines of the network show").select_option("gradients")
    grid = page.locator(".stage-grid")
    for number in range(count):
        page.evaluate(SEEK, number / (count - 1))
        page.wait_for_timeout(60)
        yield Image.open(io.BytesIO(grid.screenshot())).convert("RGB")


def titled(picture: Image.Image, title: str) -> Image.Image:
    """Return a picture at the width of the film with its title above."""
    scaled = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (WIDTH, scaled.height + TITLE_HEIGHT), "white")
    ImageDraw.Draw(whole).text((10, 7), title, fill="#1d2733", font=ImageFont.load_default(size=17))
    whole.paste(scaled, (0, TITLE_HEIGHT))
    return whole


def main() -> None:
    """Take both.

    Raises
    ------
    RuntimeError
        When one is larger than a README should load.
    """
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        url = f"sqlite:///{Path(folder) / 'lab.db'}"
        train_runs(open_store(url))
        with dashboard(url) as running:
            page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
            page.set_default_timeout(60_000)
            for name, scenes in FILMS.items():
                film, times = [], []
                for run, title, shows_gradients, count in scenes:
                    taken = frames_of(page, running.address, run, shows_gradients, count)
                    film += [titled(each, title) for each in taken]
                    times += [FRAME_MILLISECONDS] * (count - 1) + [LAST_MILLISECONDS]
                path = FOLDER / f"{name}.webp"
                film[0].save(
                    path, save_all=True, append_images=film[1:], duration=times, loop=0, quality=QUALITY
                )
                size = path.stat().st_size
                if size > BYTES_AT_MOST:
                    raise RuntimeError(f"{path.name} must have at most {BYTES_AT_MOST} bytes, got {size}")
                print(f"{path.name}: {len(film)} frames, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
