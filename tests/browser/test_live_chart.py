"""The live chart in a real browser: what a person did to it stays, whatever the server sends."""

import pytest
from playwright.sync_api import Page, expect

from engine.store.runs import request
from tests.browser.at_rest import at_rest
from tests.browser.slow_run import start_slow_run

CHART = ".live-chart[data-chart=stage-loss]"
STATE = f"""() => {{ const chart = document.querySelector('{CHART}');
  return {{ draws: Number(chart.dataset.draws), range: chart._fullLayout.xaxis.range.map(Number),
            hidden: chart._fullData.filter(t => t.visible === 'legendonly').map(t => t.name) }}; }}"""
DRAWN = f"draws => Number(document.querySelector('{CHART}')?.dataset.draws ?? 0) > draws"


@pytest.fixture
def finished(trained):
    return trained(name="<script>alert(1)</script>", epochs=20)


def zoom_with_the_mouse(page: Page):
    box = page.locator(f"{CHART} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    page.mouse.up()


def test_zoom_and_hidden_legend_items_survive_a_full_rerun(page: Page, server, finished):
    page.goto(f"{server}/train?run={finished}")
    page.wait_for_function(DRAWN, arg=0)
    whole = page.evaluate(STATE)["range"]
    zoom_with_the_mouse(page)
    page.locator(f"{CHART} .legendtoggle").last.click()
    page.wait_for_function(f"({STATE})().hidden.length === 1".replace("\n", " "))
    before = page.evaluate(STATE)
    assert before["range"] != whole
    page.get_by_role("combobox", name="Optimizer").click()
    page.get_by_role("option", name="sgd").click()
    page.wait_for_function(DRAWN, arg=before["draws"])
    after = page.evaluate(STATE)
    assert (after["range"], after["hidden"]) == (before["range"], before["hidden"])


def test_a_page_whose_script_does_not_load_shows_plain_charts_and_says_so(page: Page, server, finished):
    page.route("**/plotly-*.min.js", lambda route: route.abort())
    page.goto(f"{server}/train?run={finished}")
    expect(page.get_by_text("script did not load").first).to_be_visible()
    expect(page.locator(".stPlotlyChart").first).to_be_visible()


def test_charts_whose_script_came_late_are_drawn_though_the_run_has_ended_meanwhile(
    page: Page, server, store
):
    """The page's messages overtook each other while they waited for the script."""
    held = []
    page.route("**/stage-*.js", lambda route: held.append(route))
    with page.expect_request("**/stage-*.js"):
        run_id = start_slow_run(page, server, store, is_shown=False)
    for at_least in (2, 5):
        page.wait_for_function(
            "step => Number(/step ([0-9,]+) of/.exec(document.body.innerText)?.[1]) > step", arg=at_least
        )
    request(store, run_id, "stop")
    expect(page.get_by_text("stopped").first).to_be_visible()
    page.wait_for_timeout(1500)
    assert held and page.locator(".live-chart").count() == 0
    for route in held:
        route.continue_()
    expect(page.locator(f"{CHART} .plot-container")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator(".live-chart .plot-container")).to_have_count(2)


def test_a_hostile_name_is_text_and_a_narrow_screen_is_not_scrolled_sideways(page: Page, server, finished):
    alerts = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    page.set_viewport_size({"width": 390, "height": 844})
    for place in (f"train?run={finished}", f"compare?runs={finished}"):
        page.goto(f"{server}/{place}")
        expect(page.locator(".live-chart .plot-container").first).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert alerts == []


def test_a_chart_takes_the_whole_screen_and_goes_back_to_its_size(page, server, trained):
    page.goto(f"{server}/compare?runs={trained()},{trained(seed=5)}")
    chart = page.locator(".live-chart").first
    page.wait_for_function("() => Number(document.querySelector('.live-chart')?.dataset.draws) > 0")
    at_rest(page)
    before = chart.bounding_box()
    chart.hover()
    chart.locator("[data-title='Whole screen']").click()
    page.wait_for_function("() => document.fullscreenElement?.querySelector('.live-chart') != null")
    page.wait_for_function("low => document.querySelector('.live-chart').clientHeight > low", arg=600)
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function(
        "height => Math.abs(document.querySelector('.live-chart').clientHeight - height) < 1",
        arg=before["height"],
    )
