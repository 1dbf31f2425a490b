"""Learn in a real browser: blocks are drawn where somebody scrolls, and nothing jumps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import Dashboard
from benchmarks.browser import dashboard as started_dashboard
from engine.lessons.reading import FOLDER_VARIABLE
from tests.browser.at_rest import at_rest
from tests.browser.test_layout_shift import OBSERVE, forget, shifted
from tests.lessons.test_reading import EXAMPLES

# They share a server of their own.
pytestmark = pytest.mark.xdist_group("browser 0")

CHARTS = ".live-chart .plot-container"
# By the number of the part.
CHARTS_OF = {1: 3, 2: 2, 3: 1}
TOP = "() => document.querySelector('.stMain').scrollTop"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A server that has the examples among its lessons."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv(FOLDER_VARIABLE, str(EXAMPLES))
        url = f"sqlite:///{Path(tmp_path_factory.mktemp('learn')) / 'lab.db'}"
        with started_dashboard(url) as running:
            yield running


def scroll_through(page: Page) -> None:
    """Go from block to block, and wait at each until its charts are there."""
    for number, charts in CHARTS_OF.items():
        block = page.locator(f".st-key-learn_block_two-rates_{number}")
        block.evaluate("element => element.scrollIntoView({ block: 'start' })")
        expect(block.locator(CHARTS)).to_have_count(charts)
    at_rest(page)


def test_a_lesson_is_drawn_as_it_is_scrolled_and_nothing_jumps(page: Page, server: Dashboard) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.add_init_script(OBSERVE)
    page.goto(f"{server.address}/learn?lesson=two-rates")
    expect(page.locator(CHARTS)).to_have_count(3)
    forget(page)
    scroll_through(page)
    shifted(page)
    expect(page.get_by_role("button", name="All lessons")).to_be_in_viewport()
    page.locator(".st-key-learn_neighbours button").last.click()
    expect(page.get_by_role("heading", name="Quiz")).to_be_visible()
    assert page.evaluate(TOP) == 0
    assert "lesson=quiz" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Two learning rates")).to_be_visible()


def test_a_lesson_fits_a_narrow_screen_with_its_list_as_a_select_box(page: Page, server: Dashboard) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.address}/learn?lesson=two-rates")
    expect(page.locator(CHARTS).first).to_be_visible()
    scroll_through(page)
    assert page.evaluate("() => document.querySelector('.stMain').scrollWidth") <= 390
    expect(page.get_by_role("button", name="All lessons")).to_be_hidden()
    expect(page.locator(".st-key-learn_select")).to_have_count(1)


def test_on_paper_there_is_the_lesson_alone(page: Page, server: Dashboard) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.address}/learn?lesson=two-rates")
    expect(page.locator(CHARTS)).to_have_count(3)
    page.emulate_media(media="print")
    for gone in (".st-key-learn_contents", ".stAppHeader", ".st-key-learn_neighbours", ".replay-bar"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(CHARTS).first).to_be_visible()
    assert page.evaluate("() => getComputedStyle(document.querySelector('.stMain')).overflow") == "visible"
