"""What windows share is built once, is let go when it is not used, and is never that of another run."""

import threading

import pytest

from engine.store.records import read_series
from ui.shared import cache as shared
from ui.shared.cache import built_once, series_of, version


@pytest.fixture(autouse=True)
def fresh():
    """Nothing is shared between tests."""
    shared._memory.clear()
    shared._records.clear()


def test_what_depends_on_equal_keys_is_built_once_for_all_windows(store):
    built = []

    def build():
        built.append(len(built))
        return built[-1]

    windows = [threading.Thread(target=built_once, args=("chart", store, (1, 7), build)) for _ in range(8)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert built == [0]
    assert built_once("chart", store, (1, 8), build) == 1
    assert built_once("table", store, (1, 7), build) == 2
    assert built_once("chart", store, (1, 7), build) == 0


def test_what_was_not_used_for_longest_is_let_go(store, monkeypatch):
    monkeypatch.setattr(shared, "KEPT_AT_MOST", 2)
    for key in (1, 2, 1, 3):
        built_once("chart", store, key, lambda key=key: key)
    assert [place[2] for place in shared._memory()["kept"]] == [1, 3]


def test_a_build_that_fails_leaves_nothing_behind(store):
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        built_once("chart", store, 1, fail)
    assert built_once("chart", store, 1, lambda: "built") == "built"


def test_windows_share_records_and_tell_their_versions_apart(store, trained):
    first, second = trained(), trained(epochs=5)
    found = series_of(store, [first, second])
    assert found[first].scalars is series_of(store, [first])[first].scalars
    assert len(found[second]) == len(read_series(store, second))
    assert version(found[first]) != version(found[second])
    assert version(found[first]) == version(read_series(store, first))
