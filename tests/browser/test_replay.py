"""The replay in a real browser: the slider moves the pictures, playing asks the server for nothing."""

import pytest
from playwright.sync_api import Page, expect

from engine.store.runs import set_speed
from engine.store.snapshots import read_snapshots
from tests.browser.at_rest import at_rest

REPLAY = "document.querySelector('.stage, .replay')"
SHOWN = f"frame => {REPLAY}?.dataset.frame === String(frame)"
PIXELS = f"name => {REPLAY}.querySelector(`.replay-${{name}} canvas`).toDataURL()"
# A picture is drawn once the browser comes to it, perhaps a moment after the frame was chosen.
SAME, OTHER = (f"([name, before]) => ({PIXELS})(name) {sign} before" for sign in ("===", "!=="))
COUNT_TRIPS = """() => { window.trips = 0; const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...data) { window.trips += 1; return send.apply(this, data); }; }"""
PICTURES = ("plane", "graph", "weights", "gradients", "profile")


def open_replay(page: Page, server: str, place: str, frames: int) -> None:
    page.goto(f"{server}/{place}")
    page.wait_for_function(f"frames => {REPLAY}?.dataset.frames === String(frames)", arg=frames)
    at_rest(page)  # the form narrows the pictures when it comes


@pytest.fixture
def finished(trained):
    return trained(epochs=40)


def test_the_slider_moves_every_picture_and_playing_makes_no_trip(page: Page, server, store, finished):
    frames = len(read_snapshots(store, finished))
    open_replay(page, server, f"train?run={finished}", frames)
    page.wait_for_function(SHOWN, arg=frames - 1)
    end = {name: page.evaluate(PIXELS, name) for name in PICTURES}
    slider = page.get_by_label("Epoch shown")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function(SHOWN, arg=0)
    expect(page.locator(".replay-label")).to_contain_text("step 0")
    for name, pixels in end.items():
        page.wait_for_function(OTHER, arg=[name, pixels])
    page.keyboard.press("ArrowRight")
    page.wait_for_function(SHOWN, arg=1)
    page.evaluate(COUNT_TRIPS)
    page.get_by_label("Speed of the replay").select_option("4")
    page.get_by_role("button", name="Play the replay").click()
    page.wait_for_function(SHOWN, arg=frames - 1)
    assert page.evaluate("() => window.trips") == 0
    # Frames for which there was no time are passed over; how many is the machine's doing.
    assert 1 < int(page.evaluate(f"() => {REPLAY}.dataset.played")) <= frames
    page.wait_for_function(SAME, arg=["plane", end["plane"]])


def test_a_unit_is_enlarged_by_a_click_and_the_choice_says_which(page: Page, server, store, finished):
    frames = len(read_snapshots(store, finished))
    open_replay(page, server, f"train?run={finished}", frames)
    page.wait_for_function(SHOWN, arg=frames - 1)
    before = page.evaluate(PIXELS, "plane")
    choice = page.get_by_label("Picture shown")
    choice.select_option("1:2")
    page.wait_for_function(OTHER, arg=["plane", before])
    graph = page.locator(".replay-graph canvas")
    box = graph.bounding_box()
    assert box is not None
    graph.click(position={"x": box["width"] - 24, "y": 34 + (box["height"] - 34 - 20) / 2})
    expect(choice).to_have_value("")
    page.wait_for_function(SAME, arg=["plane", before])


def test_new_frames_of_a_live_run_are_followed_until_somebody_scrubs(page: Page, server, store, submitted):
    run_id = submitted(epochs=100_000, record_every=1)
    set_speed(store, run_id, 5.0)
    page.goto(f"{server}/train?run={run_id}")
    newest = f"n => Number({REPLAY}?.dataset.frame ?? -1) > n"
    for _ in range(2):
        shown = int(page.evaluate(f"() => {REPLAY}?.dataset.frame ?? -1"))
        page.wait_for_function(newest, arg=shown)
    page.get_by_label("Epoch shown").focus()
    page.keyboard.press("Home")
    page.wait_for_function(SHOWN, arg=0)
    held = int(page.evaluate(f"() => {REPLAY}.dataset.frames"))
    page.wait_for_function(f"held => Number({REPLAY}?.dataset.frames) > held", arg=held)
    assert page.evaluate(f"() => {REPLAY}.dataset.frame") == "0"
    page.get_by_role("button", name="Follow").click()
    page.wait_for_function(newest, arg=1)


def test_two_runs_share_one_slider_and_fit_a_narrow_screen(page: Page, server, store, trained):
    ids = [trained(seed=seed) for seed in (1, 2)]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/compare?runs={ids[0]},{ids[1]}")
    page.locator(".lab-below").last.scroll_into_view_if_needed()
    frames = len(read_snapshots(store, ids[0]))
    page.wait_for_function(f"frames => {REPLAY}?.dataset.frames === String(frames)", arg=frames)
    page.wait_for_function(SHOWN, arg=frames - 1)  # what was never drawn begins at the beginning
    expect(page.locator(".replay-run")).to_have_count(2)
    first = [page.evaluate(PIXELS, "plane"), page.locator(".replay-sentence").all_inner_texts()]
    page.get_by_label("Epoch shown").focus()
    page.keyboard.press("Home")
    page.wait_for_function(SHOWN, arg=0)
    now = page.locator(".replay-sentence").all_inner_texts()
    page.wait_for_function(OTHER, arg=["plane", first[0]])
    assert all(before != after for before, after in zip(first[1], now, strict=True))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
