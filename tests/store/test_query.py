"""Runs are found, sorted and paged in the database, whatever people type."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from sqlalchemy import event

from engine.store import edit
from engine.store.columns import UnknownColumn, in_order
from engine.store.query import (
    SORTED_IN_DATABASE,
    SPARK_POINTS,
    RunFilter,
    find_ids,
    find_runs,
    get_runs,
    known_datasets,
    sparklines,
)
from engine.store.records import read_series
from engine.store.schema import runs


@pytest.fixture
def three(store, submitted):
    """Runs ``100%_sure``, ``plain`` (tagged, noted) and ``Other`` on wine."""
    first, second = submitted(name="100%_sure"), submitted(name="plain", seed=1)
    third = submitted(name="Other", dataset="wine", samples=None)
    edit.change_tags(store, [second], add="Lesson 1, deep")
    edit.write_note(store, second, "turns after twenty epochs")
    return first, second, third


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%", {0}),
        ("%", {0}),
        ("_", {0}),
        ("%_", {0}),
        ("SURE", {0}),
        ("lesson", {1}),
        ("twenty", {1}),
        ("", {0, 1, 2}),
        ("  other ", {2}),
        ("#3", {2}),
        ("'; DROP TABLE runs;--", set()),
        ("\\", set()),
        ("/", set()),
        ("\0", {0, 1, 2}),
        ("\ud800", set()),
        ("9" * 30, set()),
        ("x" * 1_000_000, set()),
    ],
)
def test_a_search_finds_the_text_as_it_stands_in_name_tags_and_note(store, three, text, found):
    rows, total = find_runs(store, RunFilter(text=text))
    assert {row.id for row in rows} == {three[place] for place in found} and total == len(found)


def test_status_data_and_archive_are_filters_and_paused_runs_are_neither_queued_nor_running(store, three):
    first, second, third = three
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == first).values(paused=True))
    edit.set_archived(store, [second], True)
    assert find_ids(store, RunFilter(status="paused")) == [first]
    assert find_ids(store, RunFilter(status="queued")) == [third]
    assert find_ids(store, RunFilter(archived=True)) == [second]
    assert find_ids(store, RunFilter(archived=None)) == [third, second, first]
    assert find_ids(store, RunFilter(dataset="wine")) == [third]
    assert known_datasets(store) == ["moons", "wine"]


@pytest.mark.parametrize("column", [*SORTED_IN_DATABASE, "name", "status", "learning_rate", "started"])
def test_every_column_sorts_both_ways_and_runs_without_a_value_come_last(store, three, column):
    measured = {
        "val_loss",
        "train_loss",
        "best_val_loss",
        "val_score",
        "test_score",
        "train_score",
        "test_loss",
    }
    with store.writing() as connection:
        for run_id, value in zip(three, (0.5, 0.1, None), strict=True):
            values = dict.fromkeys(measured, value)
            connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
    upward, downward = (
        [row.id for row in find_runs(store, RunFilter(), sort=column, descending=way)[0]]
        for way in (False, True)
    )
    assert set(upward) == set(downward) == set(three)
    if column in measured:
        assert upward == [three[1], three[0], three[2]] and downward == [three[0], three[1], three[2]]


@pytest.mark.parametrize("column", SORTED_IN_DATABASE)
def test_the_database_sorts_as_the_program_does(store, three, column):
    with store.writing() as connection:
        for run_id, value in zip(three, (2, None, 2), strict=True):
            values = {"val_loss": value, "val_score": value, "seconds": value or 0.0, "step": value or 0}
            connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
    for way in (None, True, False):
        rows, _ = find_runs(store, RunFilter(), sort=column, descending=way)
        assert [row.id for row in rows] == [row.id for row in in_order(rows[::-1], column, way)]


def test_an_unknown_column_is_refused(store):
    with pytest.raises(UnknownColumn, match="unknown name 'id; DROP TABLE runs'"):
        find_runs(store, RunFilter(), sort="id; DROP TABLE runs")


def test_pages_share_no_run_and_miss_none(store, submitted):
    ids = [submitted(seed=seed) for seed in range(7)]
    pages = [find_runs(store, RunFilter(), sort="val_loss", limit=3, offset=at) for at in (0, 3, 6, 9)]
    assert [len(rows) for rows, _ in pages] == [3, 3, 1, 0] and {total for _, total in pages} == {7}
    assert sorted(row.id for rows, _ in pages for row in rows) == ids


def test_runs_are_given_in_the_order_asked_for_and_unknown_ones_left_out(store, three):
    first, _, third = three
    assert [row.id for row in get_runs(store, [third, 99, -1, 10**30, first])] == [third, first]


def test_a_sparkline_has_first_last_and_few_points_and_reads_eight_chunks_at_most(store, trained, submitted):
    run_id, untrained = trained(epochs=700, record_every=2), submitted(seed=5)
    losses = read_series(store, run_id)["val_loss"]
    losses = losses[np.isfinite(losses)]
    asked = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[3]))
    lines = sparklines(store, [run_id, untrained])
    assert len(lines[run_id]) == SPARK_POINTS and lines[untrained] == []
    assert (lines[run_id][0], lines[run_id][-1]) == (losses[0], losses[-1])
    run_ids, *numbers = asked[-1]
    assert run_ids == run_id and len(numbers) <= 8


def test_sparklines_of_some_runs_look_their_chunks_up_and_do_not_read_those_of_all_runs(store, trained):
    ids = [trained(epochs=epochs, record_every=1, seed=epochs) for epochs in (2, 150, 150, 400)]
    expected = {}
    for run_id in ids:
        losses = read_series(store, run_id)["val_loss"]
        losses = losses[np.isfinite(losses)]
        expected[run_id] = losses.tolist() if len(losses) <= SPARK_POINTS else None
    asked = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    lines = sparklines(store, ids)
    assert all(losses in (None, lines[run_id]) for run_id, losses in expected.items())
    if store.engine.dialect.name == "sqlite":
        with store.reading() as connection:
            for statement, values in asked[:]:  # explaining is asked, too
                if "chunks" in statement:
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                    assert not any("SCAN chunks" in row[-1] for row in plan), plan


def test_ten_thousand_runs_are_paged_without_reading_them_all(store, submitted):
    submitted()
    with closing(sqlite3.connect(str(store.engine.url.database))) as connection, connection:
        names = [each[1] for each in connection.execute("PRAGMA table_info(runs)") if each[1] != "id"]
        listed = ", ".join(names)
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
        connection.execute(f"INSERT INTO runs ({listed}) {numbers} SELECT {listed} FROM runs, n")
    rows, total = find_runs(store, RunFilter(text="1"), sort="val_loss", limit=50, offset=0)
    assert len(rows) == 1 and total == 1
    rows, total = find_runs(store, RunFilter(), limit=50, offset=9980)
    assert total == 10_000 and [row.id for row in rows] == list(range(20, 0, -1))
