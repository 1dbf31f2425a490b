"""A real server on a store of its own, and a real Chromium; a missing browser fails the tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import Dashboard
from benchmarks.browser import chromium as started_chromium
from benchmarks.browser import dashboard as started_dashboard


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=60_000)
    with started_chromium() as chromium:
        yield chromium


@pytest.fixture
def dashboard(store_url: str) -> Iterator[Dashboard]:
    """A fresh server; its workers end with it."""
    with started_dashboard(store_url) as running:
        yield running


@pytest.fixture
def server(dashboard: Dashboard) -> str:
    """Address of a fresh server."""
    return dashboard.address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window that waits up to a minute for what it is asked to find."""
    context = browser.new_context(viewport={"width": 1400, "height": 1200}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()
