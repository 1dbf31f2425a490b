"""A plugin that is dropped in while everything runs is chosen, trained, and named when it breaks."""

from playwright.sync_api import Page, expect

from engine.store.runs import get_run
from tests.browser.slow_run import wait_until_ended

PLUGIN = '''
import numpy as np
from engine.extension import activation

@activation(derivative=lambda z: 1 + np.sin(2 * z))
def snake(z):
    """A line that waves."""
    return z + np.sin(z) ** 2
'''


def start(page, store, count):
    page.get_by_role("button", name="Start", exact=False).first.click()
    return get_run(store, wait_until_ended(store, count))


def choose_activation(page, name):
    page.get_by_role("combobox", name="Activation", exact=True).click()
    page.get_by_role("option", name=name, exact=True).click()


def test_a_plugin_dropped_in_while_everything_runs_is_offered_and_trained(
    page: Page, plugin_folder, dashboard, store
):
    page.goto(f"{dashboard.address}/train")
    assert start(page, store, 1).status == "finished"
    choose_activation(page, "softplus")
    expect(page.get_by_text("A relu without the corner")).to_be_visible()
    path = plugin_folder / "mine.py"
    path.write_text(PLUGIN, "utf-8")
    page.get_by_role("combobox", name="Optimizer").click()
    page.get_by_role("option", name="rmsprop", exact=True).click()  # any run of the page finds the file
    expect(page.get_by_role("combobox", name="Optimizer")).to_have_value("rmsprop")
    expect(page.get_by_text("A relu without the corner")).to_be_visible()
    choose_activation(page, "snake")
    expect(page.get_by_text("A line that waves.")).to_be_visible()
    row = start(page, store, 2)
    assert (row.status, row.config["activation"]) == ("finished", "snake")
    path.write_text(PLUGIN.replace("sin(2", "cos(2"), "utf-8")
    page.goto(f"{dashboard.address}/train?run={row.id}")
    expect(page.get_by_text("plugin not loaded: mine.py: activation snake: its derivative")).to_be_visible()
    expect(page.get_by_text("activation snake is not known here").first).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
