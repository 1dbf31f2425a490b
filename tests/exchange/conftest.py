"""What tests of exported and imported files share."""

import pytest

from engine.store.store import open_store


@pytest.fixture
def other(tmp_path):
    """Another store."""
    return open_store(f"sqlite:///{tmp_path / 'other.db'}")
