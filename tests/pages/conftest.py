"""Pages are tested on a store of their own, without workers and without a window."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from engine.store.store import STORE_VARIABLE
from ui.shared import sight

PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture(scope="session", autouse=True)
def packages_are_read_once() -> Iterator[None]:
    """A page of the testing library reads what is said of every installed package: a fifth of its time."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(autouse=True)
def without_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build what is below the window, too."""
    monkeypatch.setattr(sight, "BUILDS_ALL", True)


@pytest.fixture(autouse=True)
def pages_read_the_tests_store(store, store_url, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages read the store of the test; runs stay queued."""
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    for place in ("ui.shared.transport", "ui.shared.frame", "ui.runs.card", "ui.overfitting.training_sizes"):
        monkeypatch.setattr(f"{place}.ensure_workers", lambda *_: 0)


@pytest.fixture
def train_page(pages_read_the_tests_store) -> AppTest:
    """The Train page, run once."""
    return AppTest.from_file(str(PAGES / "train.py"), default_timeout=60).run()
