"""A page that has come to rest; holds no test."""

from playwright.sync_api import Page, expect


def at_rest(page: Page) -> None:
    """Wait until no script runs and the window has been drawn twice since."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
