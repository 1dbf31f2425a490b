"""The stage of the Train page in a real browser: one screen, one clock, edited where it is drawn."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.store.interventions import read_changes
from engine.store.runs import get_run, list_runs
from engine.store.snapshots import read_snapshots
from tests.browser.at_rest import at_rest
from tests.browser.slow_run import EPOCHS, start_slow_run
from tests.browser.taken_off import take_off
from tests.waiting import wait_for

PARTS = {
    "controls": ".st-key-train_bar",
    "time": ".stage .replay-bar",
    "numbers": ".stage-numbers",
    "network": ".stage .replay-graph",
    "picture": ".stage .replay-plane",
    "loss": ".stage .stage-loss",
    "strip": ".stage .stage-strip",
}
DRAWN = """() => [...document.querySelectorAll('.stage .live-chart')].length === 2
  && [...document.querySelectorAll('.stage .live-chart')].every(each => Number(each.dataset.draws) > 0)
  && document.querySelector('.stage')?.dataset.frame !== undefined"""
FRAME = "() => Number(document.querySelector('.stage')?.dataset.frame)"
AT_FRAME = "frame => document.querySelector('.stage')?.dataset.frame === String(frame)"


@pytest.fixture
def trained(trained):
    return lambda **settings: trained(**{"epochs": 40, "hidden_sizes": [6, 5], **settings})


def boxes(page: Page) -> dict[str, Any]:
    found = {name: page.locator(selector).first.bounding_box() for name, selector in PARTS.items()}
    assert all(found.values()), found
    return found


def open_run(page: Page, server: str, store, run_id: int) -> None:
    """Open a finished run and wait for its last frame: those that were computed in time come first."""
    page.goto(f"{server}/train?run={run_id}")
    page.wait_for_function(DRAWN)
    page.wait_for_function(AT_FRAME, arg=len(read_snapshots(store, run_id)) - 1)
    at_rest(page)


def over(page: Page, chart: str, across: float) -> None:
    """Put the pointer over the drawn part of a chart."""
    box = page.locator(f".live-chart[data-chart={chart}] .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + 0.5 * box["height"])


def is_on_one_screen(page: Page, height: int) -> bool:
    return all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes(page).values())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dataset": "digits"},
        {"dataset": "diabetes"},
        {"dataset": "sine"},
        {"learning_rate": 10.0, "optimizer": "sgd"},
    ],
    ids=["moons", "digits", "diabetes", "sine", "diverged"],
)
def test_everything_that_moves_is_on_one_screen_of_1440_by_900(page: Page, server, store, trained, settings):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_run(page, server, store, trained(epochs=5, **settings))
    assert is_on_one_screen(page, 900), boxes(page)


def test_it_is_on_one_screen_while_it_trains_as_well(page: Page, server, store):
    page.set_viewport_size({"width": 1440, "height": 900})
    start_slow_run(page, server, store)
    expect(page.locator(".replay-label")).to_contain_text(f"/ {EPOCHS}")
    page.wait_for_function(DRAWN)
    assert is_on_one_screen(page, 900), boxes(page)


def test_on_a_narrow_screen_it_stacks_in_order_and_the_controls_stay_at_the_lower_edge(
    page: Page, server, store, trained
):
    page.set_viewport_size({"width": 390, "height": 844})
    open_run(page, server, store, trained())
    found = boxes(page)
    order = [found[name]["y"] for name in ("network", "picture", "loss", "strip")]
    assert order == sorted(order) and len(set(order)) == 4
    bar = found["controls"]
    assert abs(bar["y"] + bar["height"] - 844) <= 1
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_the_pointer_over_a_chart_moves_everything_and_gives_the_cursor_back(
    page: Page, server, store, trained
):
    run_id = trained()
    open_run(page, server, store, run_id)
    end = len(read_snapshots(store, run_id)) - 1
    loss = page.locator(".stage-numbers [data-name=trainLoss] dd")
    expect(loss).to_have_text(re.compile(r"\d"))  # a frame can come before what was recorded at its step
    loss_at_the_end = loss.inner_text()
    for chart in ("stage-loss", "stage-strip"):
        over(page, chart, 0.1)
        page.wait_for_function(f"end => ({FRAME})() < end / 2", arg=end)
        expect(page.locator(".stage .chart-cursor")).to_have_count(2)
        for line in page.locator(".stage .chart-cursor").all():
            expect(line).to_be_visible()
        assert loss.inner_text() != loss_at_the_end
        page.mouse.move(5, 5)
        page.wait_for_function(AT_FRAME, arg=end)
    assert loss.inner_text() == loss_at_the_end


def test_a_click_on_a_chart_takes_the_cursor_and_the_small_table_has_the_numbers_there(
    page: Page, server, store, trained
):
    open_run(page, server, store, trained())
    over(page, "stage-loss", 0.3)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(5, 5)
    expect(page.locator(".replay-label")).to_have_text(re.compile(r"^epoch (8|9|1[0-5])\b"))  # of 40 epochs
    where = re.search(r"epoch ([0-9.]+)", page.locator(".replay-label").inner_text())
    assert where is not None
    expect(page.locator(".stage-readout tr").first).to_have_text(re.compile(rf"epoch {where[1]}\s*$"))
    rows = page.locator(".stage-readout tr").all_inner_texts()
    assert rows[1].split()[-1] == page.locator(".stage-numbers [data-name=trainLoss] dd").inner_text()


def test_a_run_that_is_over_in_a_blink_plays_itself_after_start(page: Page, server, store):
    page.goto(f"{server}/train")
    page.wait_for_function(DRAWN)
    page.get_by_role("combobox", name="Epochs per second").click()
    page.get_by_role("option", name="full speed").click()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_role("button", name="Start", exact=False).first.click()
    wait_for(lambda: list_runs(store) and list_runs(store)[0].ended)
    expect(page).to_have_url(re.compile(rf"run={list_runs(store)[0].id}$"))
    page.get_by_label("Speed of the replay").select_option("2")
    last = "() => document.querySelector('.stage')?.dataset"
    page.wait_for_function(
        f"""() => {{
            const d = ({last})() ?? {{}};
            return d.playing === 'false' && d.frame === String(d.frames - 1);
        }}"""
    )
    assert int(page.evaluate(f"() => ({last})().played")) > 10
    expect(page.locator(".replay-label")).to_contain_text("epoch 100 / 100")


def test_edits_that_follow_each_other_quickly_all_count(page: Page, server, store, trained):
    sizes = get_run(store, run_id := trained()).config["hidden_sizes"]
    open_run(page, server, store, run_id)
    more = page.get_by_role("button", name="One unit more in layer 1")
    more.evaluate("button => { for (let click = 0; click < 6; click += 1) button.click(); }")
    page.get_by_label("Activation of layer 1").select_option("relu")
    page.get_by_role("button", name="Add a hidden layer").click()
    wanted = ", ".join(map(str, [sizes[0] + 6, *sizes[1:], sizes[-1]]))
    expect(page.get_by_role("textbox", name="Hidden layers")).to_have_value(wanted)
    expect(page.get_by_label("Activation of layer 1")).to_have_value("relu")


def test_the_network_is_edited_where_it_is_drawn_and_start_trains_the_edited_one(
    page: Page, server, store, trained
):
    first = trained()
    open_run(page, server, store, first)
    page.get_by_role("button", name="One unit more in layer 1").click()
    expect(page.get_by_text("not trained")).to_be_visible()
    expect(page.get_by_role("textbox", name="Hidden layers")).to_have_value(re.compile(r"^\d+, \d+$"))
    page.get_by_label("Activation of layer 2").select_option("relu")
    expect(page.get_by_role("textbox", name="Activation")).to_have_value("tanh, relu")
    page.get_by_role("button", name="Add a hidden layer").click()
    expect(page.get_by_label("Activation of layer 3")).to_have_value("relu")
    page.get_by_role("button", name="Start", exact=False).first.click()
    wait_for(lambda: len(list_runs(store)) == 2)
    before, after = get_run(store, first).config, list_runs(store)[0].config
    sizes = before["hidden_sizes"]
    assert after["hidden_sizes"] == [sizes[0] + 1, sizes[1], sizes[1]]
    assert after["activation"] == ["tanh", "relu", "relu"]
    expect(page.get_by_text("not trained")).to_have_count(0)


def test_an_edited_network_can_be_left_again(page: Page, server, store, trained):
    run_id = trained()
    open_run(page, server, store, run_id)
    page.get_by_role("button", name="Remove the last hidden layer").click()
    page.get_by_role("button", name="Back to the run").click()
    expect(page.get_by_text("finished").first).to_be_visible()
    page.wait_for_function(DRAWN)


def test_a_click_on_a_line_sets_a_weight_of_a_run_that_trains(page: Page, server, store):
    run_id = start_slow_run(page, server, store)
    expect(page.locator(".replay-label")).to_contain_text(f"/ {EPOCHS}")
    graph = page.locator(".replay-graph canvas")
    box = graph.bounding_box()
    assert box is not None
    note = page.locator(".replay-graph .replay-note")
    down = 0
    for down in range(60, int(box["height"]) - 30, 4):
        graph.hover(position={"x": 0.18 * box["width"], "y": down})
        if note.inner_text().startswith("x1 to layer 1") or note.inner_text().startswith("input"):
            break
    graph.click(position={"x": 0.18 * box["width"], "y": down})
    page.get_by_label("New weight").fill("1.25")
    page.get_by_role("button", name="Set weight").last.click()
    wait_for(lambda: read_changes(store, run_id))
    ((change, _),) = read_changes(store, run_id)
    assert change.field == "weight" and '"value": 1.25' in change.new


def test_a_stage_that_is_taken_off_the_page_and_put_there_again_is_the_one_that_it_was(
    page: Page, server, store, trained
):
    open_run(page, server, store, trained())
    page.get_by_label("Epoch shown").focus()
    page.keyboard.press("Home")
    page.wait_for_function(AT_FRAME, arg=0)
    take_off(page, "stage")
    page.get_by_role("combobox", name="Optimizer").click()
    page.get_by_role("option", name="rmsprop", exact=True).click()  # the server draws the page again
    page.wait_for_function("() => document.querySelector('.stage') === window.before")
    at_rest(page)
    assert page.evaluate(FRAME) == 0
    expect(page.locator(".stage canvas").first).to_be_visible()


def test_gradients_are_drawn_on_demand(page: Page, server, store, trained):
    open_run(page, server, store, trained())
    pixels = "() => document.querySelector('.replay-graph canvas').toDataURL()"
    expect(page.locator(".replay-graph canvas")).to_be_visible()
    weights = page.evaluate(pixels)
    page.get_by_label("What the lines of the network show").select_option("gradients")
    page.wait_for_function(f"before => ({pixels})() !== before", arg=weights)
    expect(page.locator(".replay-graph .replay-note")).to_contain_text("ten times smaller")


def test_the_strip_shows_what_is_chosen_with_a_sentence_on_it(page: Page, server, store, trained):
    open_run(page, server, store, trained())
    draws = int(page.locator("[data-chart=stage-strip]").get_attribute("data-draws") or 0)
    page.get_by_label("What the layers show").select_option("saturated_fraction")
    page.wait_for_function(
        "draws => Number(document.querySelector('[data-chart=stage-strip]')?.dataset.draws) > draws",
        arg=draws,
    )
    expect(page.locator(".stage-strip .stage-sentence")).to_contain_text("saturated units")


def test_a_door_of_the_first_page_leads_to_a_run_that_is_shown(page: Page, server, store):
    page.goto(f"{server}/train")
    page.wait_for_function(DRAWN)
    page.get_by_role("button", name="See it fail and mend it").click()
    wait_for(lambda: list_runs(store))
    expect(page).to_have_url(re.compile(rf"run={list_runs(store)[0].id}$"))
    expect(page.get_by_role("button", name="Watch it learn")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Activation", exact=True)).to_have_value("sigmoid")
