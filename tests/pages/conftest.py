"""Pages are tested without a window: all of them is built at once."""

import pytest

from ui.shared import sight


@pytest.fixture(autouse=True)
def without_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build what is below the window, too."""
    monkeypatch.setattr(sight, "BUILDS_ALL", True)
