"""While the store is locked or its disk is full, the Train page says so from its own read and goes on."""

import sqlite3
from contextlib import closing

import pytest

from engine.store.lease import claim
from engine.store.standstill import beat_of
from tests.pages.frames import open_page
from ui.shared import frame


@pytest.fixture
def locked(store, monkeypatch):
    """Hold the write lock of the store; no page waits for it."""
    monkeypatch.setattr(frame, "PATIENCE_SECONDS", 0.0)
    with closing(sqlite3.connect(store.place, isolation_level=None)) as connection:

        def hold():
            connection.execute("BEGIN IMMEDIATE")

        yield hold


@pytest.mark.parametrize("is_claimed", [True, False])
def test_a_run_whose_beat_stands_still_under_a_lock_says_what_it_waits_for(
    store, submitted, locked, is_claimed
):
    run_id = submitted()
    if is_claimed:
        claim(store, "somebody", run_id)
    app = open_page("train", run=run_id)
    locked()
    shown = app.run()
    assert not any("write lock" in each.value for each in shown.caption)
    app.session_state["train_beat"] = ((run_id, beat_of(store, run_id)), float("-inf"))
    shown = app.run()
    assert not shown.exception
    assert any("holds the write lock of the store" in each.value for each in shown.caption)


def test_start_under_a_lock_is_refused_in_one_sentence(store, submitted, locked):
    submitted()
    app = open_page("train")
    locked()
    app.button(key="train_start").click().run()
    assert not app.exception
    assert any("another process holds the write lock" in each.value for each in app.error)
