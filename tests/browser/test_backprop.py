"""The Backprop page in a real browser: the neuron step by step, a step of a run call by call."""

import json

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.store.moments import moment_of
from engine.store.runs import list_runs
from tests.browser.at_rest import at_rest

PANELS = (
    ".micro-bar",
    ".micro-phases",
    ".micro-network",
    ".micro-now",
    ".micro-weight",
    ".micro-list",
    ".micro-code",
)


@pytest.fixture
def run(trained):
    return trained(hidden_sizes=[3, 2], activation="tanh", seed=1)


def open_step(page: Page, server: str, address: str) -> None:
    page.goto(f"{server}/backprop?{address}")
    page.wait_for_function("() => document.querySelector('.microscope')?.dataset.call !== undefined")
    at_rest(page)


def shown(page: Page, name: str) -> float:
    return float(page.locator(".neuron").get_attribute(f"data-{name}") or "nan")


def test_the_neuron_is_at_1_7_after_one_step_and_at_1_94_after_two(page, server):
    page.goto(f"{server}/backprop")
    step = page.get_by_role("button", name="Step", exact=True)
    expect(step).to_be_visible()
    assert [shown(page, name) for name in ("weight", "loss", "gradient")] == [0.5, 9, -12]
    step.click()
    assert (shown(page, "weight"), shown(page, "loss")) == pytest.approx((1.7, 0.36))
    step.click()
    assert (shown(page, "weight"), shown(page, "loss")) == pytest.approx((1.94, 0.0144))
    expect(page.locator(".neuron-numbers").last).to_have_text("w = 1.94 − 0.1 · (-0.48) = 1.988")


def test_another_rate_is_taken_into_the_address_and_what_is_no_number_is_refused(page, server):
    page.goto(f"{server}/backprop")
    rate = page.locator(".neuron input[name=rate]")
    rate.fill("0.25")
    rate.press("Enter")
    expect(page.locator(".neuron-sentence")).to_contain_text("swings to and fro")
    page.wait_for_url("**/backprop?rate=0.25")
    rate.fill("much")
    rate.press("Enter")
    expect(page.locator(".neuron-refused")).to_have_text("rate must be a number, got much")
    expect(rate).to_have_attribute("aria-invalid", "true")
    assert page.locator(".neuron").get_attribute("data-weight") == "0.5"


def test_arrow_keys_go_through_all_calls_and_end_at_the_weights_of_the_next_step_bit_for_bit(
    page, server, store, run
):
    open_step(page, server, f"run={run}&step=2&row=batch")
    root = page.locator(".microscope")
    calls = int(root.get_attribute("data-calls") or 0)
    labels = []
    for place in range(calls):
        expect(root).to_have_attribute("data-call", str(place))
        labels.append(page.locator(".micro-formula").inner_text())
        page.keyboard.press("ArrowRight")
    assert labels[0] == "z1 = W1 a0 + b1" and labels[-1] == "θ = θ - Δθ"
    expect(root).to_have_attribute("data-call", str(calls - 1))
    written = np.array(json.loads(root.get_attribute("data-written") or "[]"))
    after = moment_of(store, run, 3).state.theta
    assert written.astype(after.dtype).tobytes() == after.tobytes()
    for _ in range(calls):
        page.keyboard.press("ArrowLeft")
    expect(root).to_have_attribute("data-call", "0")


def test_a_clicked_weight_shows_a_product_that_a_finite_difference_agrees_with(page, server, run):
    open_step(page, server, f"run={run}&step=2")
    product = page.locator(".micro-product")
    before = product.get_attribute("data-value")
    box = page.locator(".micro-network canvas").bounding_box()
    assert box is not None
    found = None
    for share in np.linspace(0.2, 0.8, 40):
        page.mouse.move(box["x"] + 0.74 * box["width"], box["y"] + share * box["height"])
        note = page.locator(".micro-network .replay-note").inner_text()
        if note.startswith("W3"):
            page.mouse.click(box["x"] + 0.74 * box["width"], box["y"] + share * box["height"])
            found = note
            break
    assert found is not None, "an edge between layer 2 and the output"
    page.wait_for_function(
        "before => (document.querySelector('.micro-product')?.dataset.value ?? before) !== before", arg=before
    )
    layer, _, _ = (each.input_value() for each in page.locator(".micro-choice select").all())
    assert layer == "3"
    values = [float(row.get_attribute("data-value") or "nan") for row in page.locator("tr[data-value]").all()]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_a_phase_a_layer_and_a_call_of_the_list_are_one_click_away(page, server, run):
    open_step(page, server, f"run={run}&step=2")
    formula = page.locator(".micro-formula")
    page.get_by_role("button", name="Trace back").click()
    expect(formula).to_have_text("dW3 = dz3 a2ᵀ, db3 = sum_batch(dz3)")
    page.keyboard.press("ArrowDown")
    expect(formula).to_have_text("s2 = a2²")
    page.locator(".micro-row", has_text="dz1 = da1 ⊙ s1").click()
    expect(formula).to_have_text("dz1 = da1 ⊙ s1")
    expect(page.locator(".micro-line[aria-current=true]")).to_have_text("dz1 = da1 * s1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_microscope_is_on_one_screen_and_nothing_is_wider_than_a_narrow_one(
    page, server, run, scheme
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1440, "height": 900})
    open_step(page, server, f"run={run}&step=2")
    for panel in PANELS:
        box = page.locator(panel).bounding_box()
        assert box is not None and box["height"] > 25 and box["y"] + box["height"] <= 900, panel
    page.set_viewport_size({"width": 390, "height": 844})
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_link_for_a_class_shows_its_controls_and_its_lesson_and_no_other_control(page, server, store):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/train?controls=learning_rate&lesson=chain-rule&activation=relu&epochs=3")
    form = page.locator(".st-key-train_form")
    expect(form.get_by_role("combobox", name="Learning rate")).to_be_visible()
    expect(form.locator(".stSelectbox:visible, .stNumberInput:visible, .stExpander:visible")).to_have_count(1)
    lesson = page.locator(".st-key-train_lesson")
    expect(lesson).to_be_visible()
    for part in (".stage .replay-graph", ".stage .stage-strip"):
        box, beside = page.locator(part).bounding_box(), lesson.bounding_box()
        assert box is not None and beside is not None and box["x"] + box["width"] <= beside["x"]
    page.get_by_role("button", name="Start").first.click()
    page.wait_for_url("**run=*")
    (found,) = list_runs(store)
    assert (found.config["activation"], found.config["epochs"]) == ("relu", 3)


def test_a_weight_of_the_stage_leads_to_its_chain_rule_at_the_step_that_is_shown(page, server, run):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/train?run={run}")
    page.wait_for_function("() => document.querySelector('.stage')?.dataset.frame !== undefined")
    at_rest(page)
    box = page.locator(".stage-network canvas").bounding_box()
    assert box is not None
    button = page.get_by_role("button", name="Takes this step apart on the Backprop page")
    for share in np.linspace(0.25, 0.75, 30):
        page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + share * box["height"])
        if button.is_visible():
            break
    button.click()
    page.wait_for_url(f"**/backprop?run={run}&step=*")
    page.wait_for_function("() => document.querySelector('.microscope')?.dataset.call !== undefined")
    assert page.locator(".micro-choice select").first.input_value() == "1"
    assert page.locator(".micro-product").get_attribute("data-value") is not None


def test_a_step_that_throws_the_weights_far_away_leaves_the_graph_readable(page, server, trained):
    run = trained(dataset="sine", activation="relu", optimizer="sgd", learning_rate=5e4)
    open_step(page, server, f"run={run}&step=0")
    page.keyboard.press("End")
    expect(page.locator(".micro-formula")).to_have_text("θ = θ - Δθ")
    share = page.evaluate(
        """() => {
        const canvas = document.querySelector(".micro-network canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let empty = 0;
        for (let place = 3; place < data.length; place += 4) empty += data[place] === 0;
        return empty / (data.length / 4);
    }"""
    )
    assert share > 0.5


def test_arrow_keys_are_for_the_step_after_a_click_beside_it_and_after_its_tab_was_chosen(page, server, run):
    open_step(page, server, f"run={run}&step=2")
    page.mouse.click(12, page.viewport_size["height"] / 2)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".microscope")).to_have_attribute("data-call", "1")
    page.get_by_role("radio", name="One neuron").click()
    expect(page.locator(".neuron")).to_be_visible()
    page.get_by_role("radio", name="A step of a run").click()
    expect(page.locator(".microscope")).to_have_attribute("data-call", "1")
    at_rest(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".microscope")).to_have_attribute("data-call", "2")


def test_somebody_who_comes_back_finds_the_call_and_the_step_where_they_were(page, server, run):
    open_step(page, server, f"run={run}&step=2")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="One neuron").click()
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_role("radio", name="A step of a run").click()
    expect(page.locator(".microscope")).to_have_attribute("data-call", "3")
    page.get_by_role("radio", name="One neuron").click()
    expect(page.locator(".neuron")).to_have_attribute("data-steps", "1")
