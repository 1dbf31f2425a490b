"""Nothing jumps: the browser's own measure of shifted layout stays small while runs start, go on and end."""

import re

import pytest
from playwright.sync_api import Page, expect

from engine.store.runs import get_run, list_runs
from tests.browser.at_rest import at_rest
from tests.browser.slow_run import start_slow_run, wait_until_ended
from tests.waiting import wait_for

MOST = 0.05
# As browsers add it up, without what follows a click at once. The main part moves as a whole, by itself or
# with what holds it, when the form comes or goes with its page: that is left out, what moves in it is not.
OBSERVE = """window.shifts = [];
const named = (node) => node.closest("[class*=st-key-]")?.className ?? node.className;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
        const nodes = entry.sources.map((source) => source.node).filter((node) => node?.nodeType === 1);
        const isWhole = nodes.length > 0 && nodes.every((node) => node.matches(".stMain, :has(> .stMain)"));
        if (!entry.hadRecentInput && !isWhole) shifts.push([entry.value, nodes.map(named)]);
    }
}).observe({ type: "layout-shift", buffered: true });"""


def forget(page: Page) -> None:
    """Count from here on, once the page is at rest."""
    at_rest(page)
    page.evaluate("shifts.length = 0")


def shifted(page: Page) -> None:
    """Say what moved when it was too much."""
    at_rest(page)
    found = page.evaluate("shifts")
    assert sum(value for value, _ in found) < MOST, found


@pytest.fixture
def watched(page: Page) -> Page:
    """A window of 1440 x 900 whose shifts are noted from the first moment on."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.add_init_script(OBSERVE)
    return page


# Where Stop stands, in each frame that is drawn.
WATCH_STOP = """() => {
    window.places = new Set();
    const look = () => {
        window.places.add(document.querySelector(".st-key-train_stop").getBoundingClientRect().x);
        requestAnimationFrame(look);
    };
    look();
}"""


def start_and_wait(page: Page, store, count: int, *, is_watched: bool = False) -> None:
    """Press Start and wait until that many runs have ended and the last of them is drawn as ended."""
    page.get_by_role("button", name="Start", exact=False).first.click()
    if is_watched:  # at the pace of the page, which shows it as it moves
        wait_for(lambda: len(list_runs(store)) == count and all(run.ended for run in list_runs(store)))
    expect(page).to_have_url(re.compile(rf"run={wait_until_ended(store, count)}$"))
    expect(page.locator(".st-key-train_status").get_by_text("finished")).to_be_visible()
    expect(page.locator(".stage .js-plotly-plot")).to_have_count(2)


def test_start_to_the_end_moves_nothing_from_the_first_page_or_from_a_finished_run(
    watched: Page, server: str, store
) -> None:
    watched.goto(f"{server}/train")
    expect(watched.locator(".stage canvas").first).to_be_visible()
    forget(watched)
    start_and_wait(watched, store, 1, is_watched=True)
    shifted(watched)
    forget(watched)
    start_and_wait(watched, store, 2)
    shifted(watched)


def test_pause_resume_and_stop_move_nothing(watched: Page, server: str, store) -> None:
    run_id = start_slow_run(watched, server, store)
    wait_for(lambda: get_run(store, run_id).step > 0)
    forget(watched)
    watched.evaluate(WATCH_STOP)
    watched.get_by_role("button", name=re.compile("^Pause(?! the replay)")).click()
    wait_for(lambda: get_run(store, run_id).paused)
    watched.get_by_role("button", name="Resume").click()
    wait_for(lambda: not get_run(store, run_id).paused)
    expect(watched.locator(".st-key-train_bar .st-key-train_pause")).to_be_visible()
    assert len(watched.evaluate("[...window.places]")) == 1, "a pointer that is pressing Stop would miss it"
    watched.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
    wait_for(lambda: get_run(store, run_id).ended)
    expect(watched.locator(".st-key-train_status").get_by_text("stopped")).to_be_visible()
    shifted(watched)


def test_switching_pages_moves_nothing_that_is_there(watched: Page, server: str, store, trained) -> None:
    run_id = trained()
    watched.goto(f"{server}/train?run={run_id}")
    expect(watched.locator(".stage .js-plotly-plot")).to_have_count(2)
    for name, shown in (
        ("Gradients", ".js-plotly-plot"),
        ("Overfitting", ".js-plotly-plot"),
        ("Compare", ".js-plotly-plot"),
        ("Runs", "tbody tr"),
        ("Data", "h3"),
        ("Train", ".stage canvas"),
    ):
        forget(watched)
        watched.get_by_role("link", name=name, exact=True).first.click()
        expect(watched.locator(shown).first).to_be_visible()
        shifted(watched)


def test_opening_what_is_folded_moves_nothing(watched: Page, server: str, trained) -> None:
    ids = [trained(learning_rate=rate) for rate in (0.01, 0.02, 0.03)]
    watched.goto(f"{server}/compare?runs={ids[0]},{ids[1]}")
    expect(watched.locator(".js-plotly-plot").first).to_be_visible()
    for name in ("View", "1 setting differs", "Download", "Choose runs"):
        forget(watched)
        watched.get_by_role("button", name=name).first.click()
        expect(watched.get_by_test_id("stPopoverBody")).to_be_visible()
        shifted(watched)
        if name != "Choose runs":
            watched.keyboard.press("Escape")
            expect(watched.get_by_test_id("stPopoverBody")).to_have_count(0)
