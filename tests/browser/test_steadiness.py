"""A page stays alive and quiet: a busy browser, the console, order of the keys, narrow windows, jumps."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from benchmarks.browser import answers, free_port
from tests.browser.at_rest import at_rest
from tests.browser.pressing import AGAIN_AFTER_SECONDS
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
PATHS = ("train", "gradients", "overfitting", "compare", "runs", "data")
TABS_TO_START = 5
# What stands outside of a fragment that runs by itself, long enough to be kept by a browser that keeps any.
STATES = """
import time
import streamlit as st

choice = st.radio("state", ["A", "B"], key="state")
st.caption(" ".join([f"{choice} is shown"] * 100))
st.fragment(lambda: st.caption(f"ticks {time.time()}"), run_every=0.2)()
"""


@contextmanager
def served(folder: Path, script: str) -> Iterator[str]:
    """Give the address of a script with our configuration."""
    (folder / "script.py").write_text(script, "utf-8")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    address = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "script.py", "--server.port", str(port)],
        cwd=folder,
        env={**os.environ, "STREAMLIT_SERVER_HEADLESS": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: answers(f"{address}/_stcore/health"))
        yield address
    finally:
        process.terminate()
        process.wait()


class Answers:
    """What the server sends to a page, held back for as long as a busy browser would not read it."""

    def __init__(self, page: Page) -> None:
        """Stand between a page that is opened later and its server."""
        self.are_held = False
        self._held: list[str | bytes] = []
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, to_page: WebSocketRoute) -> None:
        self._to_page = to_page
        to_page.connect_to_server().on_message(self._answer)

    def _answer(self, message: str | bytes) -> None:
        if self.are_held:
            self._held.append(message)
        else:
            self._to_page.send(message)

    def come(self) -> None:
        """Give the page all at once, in order."""
        self.are_held = False
        for message in self._held:
            self._to_page.send(message)
        self._held.clear()

    def has(self, words: str) -> bool:
        """Say whether an answer that is held contains these words."""
        return any(words.encode() in message for message in self._held if isinstance(message, bytes))


def choose_until(page: Page, name: str, condition: Callable[[], bool]) -> None:
    """Choose A or B until its effect is there: a starved machine loses one of two quick choices."""
    choices = page.get_by_role("radiogroup")
    choices.get_by_text(name, exact=True).click()
    chosen = time.monotonic()

    def is_done() -> bool:
        nonlocal chosen
        page.wait_for_timeout(100)
        if not condition() and time.monotonic() - chosen > AGAIN_AFTER_SECONDS:
            chosen = time.monotonic()
            for each in "AB" if name == "B" else "BA":
                choices.get_by_text(each, exact=True).click()
                page.wait_for_timeout(500)
        return condition()

    wait_for(is_done)


def test_a_busy_browser_that_answers_late_keeps_its_page(page: Page, tmp_path: Path) -> None:
    """B is chosen and the server answers; before the browser has read that, A is chosen again.

    With messages kept from 500 bytes on, the page died: it asks for A as something that it still has, reads
    the answer to B, forgets A as too old, and is sent a reference to it.
    """
    answers_of_server = Answers(page)
    with served(tmp_path, STATES) as address:
        page.goto(address)
        choices = page.get_by_role("radiogroup")
        expect(page.get_by_text("A is shown")).to_be_visible()
        ticks = page.get_by_text("ticks")
        for _ in range(4):  # what the fragment does not show grows old meanwhile
            expect(ticks).not_to_have_text(ticks.inner_text())
        answers_of_server.are_held = True
        choose_until(page, "B", lambda: answers_of_server.has("B is shown"))
        page.wait_for_timeout(500)
        choices.get_by_text("A", exact=True).click()
        page.wait_for_timeout(1000)
        answers_of_server.come()
        expect(page.get_by_text("B is shown").or_(page.get_by_text("A is shown"))).to_be_visible()
        choose_until(page, "A", page.get_by_text("A is shown").is_visible)
        expect(ticks).not_to_have_text(ticks.inner_text())


@pytest.fixture
def two_runs(trained) -> list[int]:
    """Two finished runs."""
    return [trained(seed=seed) for seed in (1, 2)]


@pytest.mark.parametrize("path", PATHS)
def test_no_page_says_anything_to_the_console_and_no_request_fails(
    page: Page, server: str, two_runs: list[int], path: str
) -> None:
    """Opened by its address, where Streamlit's own script would ask for two files that are not there."""
    said: list[str] = []
    page.on("console", lambda each: said.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "response", lambda each: said.append(f"{each.status}: {each.url}") if each.status >= 400 else None
    )
    query = f"runs={two_runs[0]},{two_runs[1]}" if path == "compare" else f"run={two_runs[0]}"
    page.goto(f"{server}/{path}?{query}")
    expect(page.get_by_role("link", name=path.capitalize(), exact=True)).to_be_visible()
    shown = {"data": "Built-in datasets", "runs": ".runs-table, table"}.get(path, ".js-plotly-plot")
    place = page.get_by_text(shown) if path == "data" else page.locator(shown)
    expect(place.first).to_be_visible()
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
    assert said == []


def test_start_is_reached_within_five_tabs(page: Page, server: str, two_runs: list[int]) -> None:
    page.goto(f"{server}/train?run={two_runs[0]}")
    expect(page.locator(".stage .js-plotly-plot").first).to_be_visible()
    expect(page.locator(".st-key-train_start button").first).to_be_visible()  # the form comes after the run
    at_rest(page)
    reached = []
    for _ in range(TABS_TO_START):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText ?? ''"))
    assert any("Start" in each for each in reached), reached


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_wider_than_a_phone(page: Page, server: str, two_runs: list[int], path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    query = f"runs={two_runs[0]},{two_runs[1]}" if path == "compare" else f"run={two_runs[0]}"
    page.goto(f"{server}/{path}?{query}")
    expect(page.locator(".stMain h3, .stMain .js-plotly-plot, .stMain table").first).to_be_attached()
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_below_the_window_is_built_once_somebody_scrolls_there(
    page: Page, server: str, two_runs: list[int]
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/train?run={two_runs[0]}")
    expect(page.locator(".stage .js-plotly-plot")).to_have_count(2)
    expect(page.locator(".lab-below")).to_be_attached()
    scores = page.get_by_text("Scores on held-out rows")
    expect(scores).to_have_count(0)
    page.locator(".lab-below").scroll_into_view_if_needed()
    expect(scores).to_be_visible()
    expect(page.locator(".lab-below")).to_have_count(0)
