"""Gradients and Overfitting in a real browser: a deep link on a fresh server draws every picture."""

import pytest
from playwright.sync_api import Page, expect

CHARTS = ".live-chart .plot-container"


@pytest.fixture
def finished(trained):
    return trained(hidden_sizes=[6, 6, 6], activation="sigmoid", epochs=30)


def test_both_pages_draw_from_a_deep_link_and_fit_a_narrow_screen(page: Page, dashboard, finished):
    page.goto(f"{dashboard.address}/gradients?run={finished}")
    expect(page.locator(CHARTS)).to_have_count(9)
    expect(page.get_by_role("link", name="Overfitting")).to_be_visible()
    expect(
        page.get_by_text("Vanishing gradient").or_(page.get_by_text("reaches all layers")).first
    ).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{dashboard.address}/overfitting?run={finished}")
    expect(page.locator(CHARTS)).to_have_count(5)
    expect(page.get_by_text("Patience", exact=False).first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
