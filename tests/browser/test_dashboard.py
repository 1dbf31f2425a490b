"""What a person does in a real browser: start, zoom, pause, come back, compare, download."""

import csv
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from engine.store.interventions import read_changes
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs
from engine.training.telemetry import SCALARS
from tests.browser.pressing import press_until
from tests.browser.slow_run import start_slow_run
from tests.waiting import SECONDS_AT_MOST, wait_for

# The run's own button: the replay that follows a run has one to pause the replay.
PAUSE = re.compile("^Pause(?! the replay)")


RANGE = "() => document.querySelector('.js-plotly-plot').layout.xaxis.range.map(Number)"
POINTS = """() => Math.max(0,
  ...(document.querySelector('.js-plotly-plot')?.data ?? []).map(t => t.x?.length ?? 0))"""
ZOOM = """() => { const plot = document.querySelector('.js-plotly-plot');
  document.defaultView.Plotly.relayout(plot, {'xaxis.range[0]': 2, 'xaxis.range[1]': 3}); }"""


def wait_for_points(page, count):
    """Wait until the first chart holds more points than ``count``."""
    page.wait_for_function(f"count => ({POINTS})() > count", arg=count)


def test_start_draws_a_live_curve_whose_zoom_survives_three_updates(page: Page, server, store):
    start_slow_run(page, server, store)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    wait_for_points(page, 3)
    page.evaluate(ZOOM)
    for _ in range(3):
        points = page.evaluate(POINTS)
        wait_for_points(page, points)
    assert page.evaluate(RANGE) == [2, 3]


def test_a_deep_link_on_a_fresh_server_shows_the_run_inside_the_frame(page: Page, dashboard, trained):
    run_id = trained(name="linked")
    page.goto(f"{dashboard.address}/train?run={run_id}")
    expect(page.get_by_text("finished").first).to_be_visible()
    expect(page.get_by_role("link", name="Compare")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_two_compared_runs_are_downloaded_as_the_store_holds_them(page: Page, server, store, trained):
    ids = [trained(seed=seed) for seed in (1, 2)]
    page.goto(f"{server}/compare?runs={ids[0]},{ids[1]}")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Metrics CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines()))
    for run_id in ids:
        series = read_series(store, run_id)
        mine = [row for row in rows if row["run"] == str(run_id)]
        assert len(mine) == len(series)
        for column in SCALARS:
            read = [float(row[column.name]) if row[column.name] else np.nan for row in mine]
            np.testing.assert_array_equal(read, series[column.name])


def test_pause_freezes_the_step_and_a_refresh_finds_the_run_where_it_was(page: Page, server, store):
    run_id = start_slow_run(page, server, store)
    wait_for(lambda: get_run(store, run_id).step > 0)
    press_until(page.get_by_role("button", name=PAUSE), lambda: get_run(store, run_id).paused)
    step = get_run(store, run_id).step
    page.reload()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert get_run(store, run_id).step == step
    press_until(page.get_by_role("button", name="Resume"), lambda: get_run(store, run_id).step > step)


def test_a_rate_that_is_changed_while_the_run_trains_is_typed_in_peace_and_becomes_part_of_it(
    page: Page, server, store
):
    run_id = start_slow_run(page, server, store)
    rate = page.get_by_role("spinbutton", name="New learning rate")
    expect(rate).to_have_count(0)
    page.get_by_role("button", name="Change", exact=True).click()
    rate.fill("0.00")
    points = page.evaluate(POINTS)
    for _ in range(2):
        wait_for_points(page, points)
        points = page.evaluate(POINTS)
    rate.press("End")
    rate.press_sequentially("2")
    page.get_by_role("button", name="Set rate").click()
    wait_for(lambda: read_changes(store, run_id))
    ((change, _),) = read_changes(store, run_id)
    assert (change.field, float(change.new)) == ("learning_rate", 0.002)
    expect(page.get_by_text("rate 0.002").first).to_be_visible()


def test_a_second_tab_shows_the_same_run_and_what_is_done_in_one_is_seen_in_the_other(
    page: Page, server, store
):
    run_id = start_slow_run(page, server, store)
    second = page.context.new_page()
    second.set_default_timeout(1000 * SECONDS_AT_MOST)
    second.goto(page.url)
    press_until(second.get_by_role("button", name=PAUSE), lambda: get_run(store, run_id).paused)
    expect(second.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_text("paused").first).to_be_visible()
    assert len(list_runs(store)) == 1


def test_a_run_goes_on_while_the_server_is_gone_and_the_page_finds_it_again(page: Page, dashboard, store):
    run_id = start_slow_run(page, dashboard.address, store)
    wait_for(lambda: get_run(store, run_id).step > 0)
    dashboard.end()
    step = get_run(store, run_id).step
    wait_for(lambda: get_run(store, run_id).step > step)
    dashboard.start()
    page.reload()
    expect(page.get_by_role("button", name=PAUSE)).to_be_enabled()
    wait_for_points(page, 3)
    points = page.evaluate(POINTS)
    wait_for_points(page, points)
    assert (get_run(store, run_id).status, len(list_runs(store))) == ("running", 1)
