"""Real servers and a real Chromium; a missing browser fails the tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

from benchmarks.browser import Dashboard, chromium_at_home
from benchmarks.browser import dashboard as started_dashboard
from engine.store.schema import metadata, retired_ids, runs, schema_version, workers
from engine.store.store import Store, open_store
from tests.waiting import SECONDS_AT_MOST, end_engines

# On two cores a second browser takes from the first what it gives.
BROWSERS = 2 if (os.cpu_count() or 1) >= 4 else 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests out to the workers that drive a browser each; on many cores one would be waited for."""
    ours = [each for each in items if each.path.parent == Path(__file__).parent]
    for place, each in enumerate(ours):
        each.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
        if each.get_closest_marker("xdist_group") is None:
            each.add_marker(pytest.mark.xdist_group(f"browser {place % BROWSERS}"))


@pytest.fixture(scope="session")
def shared_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A server for all tests that need no fresh one: it takes longer to start than most of them."""
    store_url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'lab.db'}"
    with started_dashboard(store_url) as running:
        yield running


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty store: of a new one for a fresh server, else of that of the shared server."""
    if "dashboard" in request.fixturenames:
        yield f"sqlite:///{tmp_path / 'lab.db'}"
    else:
        url = request.getfixturevalue("shared_dashboard").store_url
        yield url
        _empty(open_store(url))


def _empty(store: Store) -> None:
    """End the workers and delete all runs; numbers are not given again, so no page takes new for old."""
    with store.writing() as connection:
        end_engines(connection.scalars(sa.select(workers.c.pid)))
        used = [connection.scalar(sa.select(sa.func.max(table.c.id))) or 0 for table in (retired_ids, runs)]
        for table in reversed(metadata.sorted_tables):
            if table is not schema_version:
                connection.execute(table.delete())
        connection.execute(retired_ids.insert().values(id=max(used)))
    store.close()


@pytest.fixture
def dashboard(store_url: str) -> Iterator[Dashboard]:
    """A fresh server; its workers end with it."""
    with started_dashboard(store_url) as running:
        yield running


@pytest.fixture
def server(shared_dashboard: Dashboard) -> str:
    """Address of the shared server."""
    return shared_dashboard.address


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """What all pages share: each reads the scripts of the dashboard, compiled, from its cache."""
    expect.set_options(timeout=1000 * SECONDS_AT_MOST)
    with chromium_at_home(tmp_path_factory.mktemp("chromium")) as shared:
        yield shared


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A fresh tab that remembers nothing and waits for what it is asked to find."""
    first, opened = window.pages[0], window.new_page()
    opened.set_viewport_size({"width": 1400, "height": 1200})
    opened.set_default_timeout(1000 * SECONDS_AT_MOST)
    # Where a test fails, its report has them.
    opened.on("requestfailed", lambda request: print("failed:", request.url, request.failure))
    yield opened
    window.clear_cookies()
    for each in window.pages:
        if each.url.startswith("http"):
            each.evaluate("localStorage.clear()")
        if each != first:  # with the last one the browser would go, too
            each.close()
