"""The Compare page in a real browser: the chart first, values under the cursor, pins that stay."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.store.reader import read_series
from engine.store.runs import set_speed
from tests.browser.taken_off import take_off

CHART = ".live-chart[data-chart=compare_chart]"
PLOT = f"{CHART} .nsewdrag"
HEAT = ".live-chart[data-chart=compare_heat_0]"
VALUES = """() => [...document.querySelectorAll('.values tbody tr')].map(row => ({
  name: row.querySelector('th').textContent,
  cells: [...row.querySelectorAll('td')].map(cell => cell.title.split(' at step ').map(Number)) }))"""
PLACE = f"""step => {{ const chart = document.querySelector('{CHART}'), axis = chart._fullLayout.xaxis;
  const box = chart.getBoundingClientRect();
  const down = box.top + chart._fullLayout.yaxis._offset + 60;
  return {{ x: box.left + axis._offset + axis.d2p(step), y: down }}; }}"""
LINES = f"""() => document.querySelector('{CHART}')._fullData
  .filter(each => each.visible === true).map(each => each.name)"""


@pytest.fixture
def trained(trained):
    return lambda **settings: trained(**{"epochs": 20, **settings})


def opened(page: Page, server, ids, more=""):
    page.goto(f"{server}/compare?runs={','.join(map(str, ids))}{more}")
    page.wait_for_function(f"() => Number(document.querySelector('{CHART}')?.dataset.draws ?? 0) > 0")
    expect(page.locator(".values tbody tr").first).to_be_visible()


def point_at(page: Page, step):
    place = page.evaluate(PLACE, step)
    page.mouse.move(place["x"] + 2, place["y"])
    return place


def box_of(page: Page, selector):
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box


def test_on_a_usual_screen_the_chart_stands_in_the_first_450_pixels(page: Page, server, trained):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.03, 0.01)]
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(page, server, ids)
    chart, plot = box_of(page, CHART), box_of(page, PLOT)
    assert chart["y"] < 250
    assert 450 - plot["y"] > 0.5 * plot["height"]
    assert chart["y"] + chart["height"] < 900
    for name in ("Choose runs", "Download"):
        button = page.get_by_role("button", name=name, exact=False).first.bounding_box()
        assert button is not None and button["y"] + button["height"] <= chart["y"]
    for chip in page.locator(".chip").all():
        box = chip.bounding_box()
        assert box is not None and box["y"] + box["height"] <= chart["y"]
    beside = box_of(page, ".beside-chart")
    assert beside["x"] >= chart["x"] + chart["width"] and beside["y"] + beside["height"] < 900
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1440


def test_a_narrow_screen_shows_chart_and_values_one_below_the_other(page: Page, server, trained):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.03)]
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, server, ids)
    chart, beside = box_of(page, CHART), box_of(page, ".beside-chart")
    assert beside["y"] >= chart["y"] + chart["height"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for selector in (CHART, ".beside-chart", ".chips"):
        box = box_of(page, selector)
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_the_table_under_the_cursor_holds_what_was_recorded(page: Page, server, store, trained):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.01)]
    opened(page, server, ids)
    series = {run: read_series(store, run) for run in ids}
    step = int(series[ids[0]]["step"][7])
    point_at(page, step)
    page.wait_for_function("() => document.querySelector('.values thead')?.textContent.includes('step')")
    rows = page.evaluate(VALUES)
    assert len(rows) == 4
    for row in rows:
        run = next(run for run in ids if row["name"].startswith(f"{run} "))
        column = "val_loss" if row["name"].endswith("val_loss") else "train_loss"
        values = series[run][column]
        at = np.flatnonzero(np.isfinite(values) & (series[run]["step"] <= step + 0.9))[-1]
        ((value, place),) = row["cells"]
        assert place == series[run]["step"][at]
        assert value == np.float32(values[at])
    shown = [row["cells"][0][0] for row in rows]
    assert shown == sorted(shown, reverse=True)


def test_a_pinned_place_stays_beside_the_cursor_until_it_is_removed(page: Page, server, trained):
    opened(page, server, [trained(learning_rate=rate) for rate in (0.1, 0.01)])
    first = point_at(page, 10)
    page.mouse.click(first["x"] + 2, first["y"])
    expect(page.locator(".chart-pin:visible")).to_have_count(1)
    point_at(page, 30)
    page.wait_for_function("() => document.querySelectorAll('.values tbody td').length === 8")
    row = page.evaluate(VALUES)[0]["cells"]
    assert row[0][1] <= 10 < row[1][1] <= 30
    note = page.locator(".values tbody tr").first.locator("td").nth(1).locator(".note").inner_text()
    assert float(note.split()[0].replace("−", "-")) == pytest.approx(row[1][0] - row[0][0], rel=1e-3)
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Remove pin 1").click()
    expect(page.locator(".chart-pin")).to_have_count(0)


def test_the_cursor_stands_in_the_heatmaps_of_the_same_axis_too(page: Page, server, trained):
    opened(page, server, [trained(learning_rate=rate) for rate in (0.1, 0.01)])
    page.wait_for_function(f"() => Number(document.querySelector('{HEAT}')?.dataset.draws ?? 0) > 0")
    point_at(page, 30)
    line = page.locator(f".chart-box:has({HEAT}) .chart-cursor")
    expect(line).not_to_have_attribute("hidden", "")
    page.mouse.move(5, 5)
    expect(line).to_have_attribute("hidden", "")


def test_the_keyboard_moves_the_cursor_and_pins(page: Page, server, trained):
    opened(page, server, [trained()])
    page.locator(CHART).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".chart-pin:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".values thead")).to_contain_text("latest")


def test_a_chip_hides_its_lines_and_its_cross_takes_the_run_out_of_the_address(page: Page, server, trained):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.03, 0.01)]
    opened(page, server, ids)
    chips = page.locator(".chip .show")
    assert [text.split()[-1] for text in chips.all_inner_texts()] == ["0.1", "0.03", "0.01"]
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(f"run => !({LINES})().some(name => name?.startsWith(run))", arg=f"{ids[1]} ")
    expect(page.locator(".values tbody tr")).to_have_count(4)
    page.get_by_role("button", name=f"Remove {ids[0]} lr 0.1 from the comparison").click()
    expect(page.locator(".chip")).to_have_count(2)
    page.wait_for_url(f"**/compare?runs={ids[1]}%2C{ids[2]}")
    expect(chips.nth(0)).to_have_attribute("aria-pressed", "false")


def test_charts_that_are_taken_off_the_page_and_put_there_again_are_the_ones_that_they_were(
    page: Page, server, trained
):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.03, 0.01)]
    opened(page, server, ids)
    page.locator(".chip .show").nth(1).click()
    take_off(page, "live-cards")
    page.get_by_text("epoch", exact=True).first.click()  # the server draws the page again
    page.wait_for_function("() => document.querySelector('.live-cards') === window.before")
    expect(page.locator(".chip .show").nth(1)).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(f"run => !({LINES})().some(name => name?.startsWith(run))", arg=f"{ids[1]} ")


def test_a_pin_and_a_hidden_run_survive_what_a_live_run_sends(page: Page, server, store, submitted, trained):
    live = submitted(epochs=100_000, record_every=1, learning_rate=0.02)
    set_speed(store, live, 40.0)
    ended = trained(learning_rate=0.1)
    opened(page, server, [live, ended], "&metric=grad_norm")
    page.wait_for_function(f"() => Number(document.querySelector('{CHART}')?.dataset.points) > 120")
    set_speed(store, live, 4.0)
    place = point_at(page, 8)
    page.mouse.click(place["x"], place["y"])
    page.mouse.move(5, 5)
    page.locator(".chip .show").nth(1).click()
    expect(page.locator(".values tbody tr")).to_have_count(1)
    pinned = page.evaluate(VALUES)[0]["cells"][0]
    draws = int(page.locator(CHART).get_attribute("data-draws") or 0)
    page.wait_for_function(
        f"draws => Number(document.querySelector('{CHART}')?.dataset.draws) > draws + 2", arg=draws
    )
    rows = page.evaluate(VALUES)
    assert rows[0]["cells"][0] == pinned
    assert len(rows) == 1 and len(rows[0]["cells"]) == 2
    assert rows[0]["cells"][1][1] > pinned[1]
    expect(page.locator(".chart-pin:visible")).to_have_count(1)
    expect(page.locator(".chip .show").nth(1)).to_have_attribute("aria-pressed", "false")


def test_an_address_with_choices_is_kept_by_a_refresh(page: Page, server, trained):
    ids = [trained(learning_rate=rate) for rate in (0.1, 0.01)]
    opened(page, server, ids, "&metric=grad_norm&x=epoch&smoothing=0.5&log_y=on")
    page.reload()
    expect(page.locator(".values tbody tr").first).to_be_visible()
    page.wait_for_function(f"() => document.querySelector('{CHART}')?._fullLayout?.yaxis.type === 'log'")
    layout = f"document.querySelector('{CHART}')._fullLayout"
    titles = f"() => ['xaxis', 'yaxis'].map(axis => {layout}[axis].title.text)"
    assert page.evaluate(titles) == ["epoch", "grad_norm"]
    for part in ("metric=grad_norm", "x=epoch", "smoothing=0.5", "log_y=on"):
        assert part in page.url
