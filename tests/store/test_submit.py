"""A grid is queued as a whole or not at all, its data stored once, its seeds as groups."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine.config import ConfigError
from engine.config.grid import entries_of_grid
from engine.data.dataset import build_dataset
from engine.store.edit import delete_runs
from engine.store.runs import get_run, list_runs, load_run
from engine.store.schema import datasets, runs
from engine.store.submit import prepare, queue

SMALL = {"samples": 80, "epochs": 4, "hidden_sizes": [6]}


def prepared(store, **grid):
    return prepare(store, entries_of_grid({"base": SMALL, **grid}))


def test_queued_runs_are_those_that_submitting_one_by_one_would_give(store, submitted):
    ids = queue(store, prepared(store, grid={"learning_rate": [0.1, 0.2]}, tags="a, b"))
    alone = get_run(store, submitted(learning_rate=0.2))
    row = get_run(store, ids[1])
    for name in ("config", "dataset_id", "total_steps", "parameters", "score_name", "status", "paused"):
        assert getattr(row, name) == getattr(alone, name)
    assert (row.name, row.tags) == ("learning_rate = 0.2", "a, b")


def test_each_configuration_with_its_seeds_is_a_group_and_one_seed_is_none(store):
    ids = queue(store, prepared(store, grid={"learning_rate": [0.1, 0.2]}, seeds=3))
    rows = [get_run(store, run_id) for run_id in ids]
    assert [row.group_id for row in rows] == [ids[0]] * 3 + [ids[3]] * 3
    assert [row.config["seed"] for row in rows] == [0, 1, 2, 0, 1, 2]
    (alone,) = queue(store, prepared(store))
    assert get_run(store, alone).group_id is None


def test_data_is_stored_once_for_each_content(store):
    queue(store, prepared(store, grid={"data_seed": [0, 1], "learning_rate": [0.1, 0.2]}))
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 2
        assert connection.scalar(sa.select(sa.func.count(sa.distinct(runs.c.dataset_id)))) == 2
    config, dataset = load_run(store, 3)
    assert dataset.x_train.tobytes() == build_dataset(config).x_train.tobytes()


def test_five_hundred_runs_take_one_transaction(store):
    batch = prepared(store, grid={"seed": list(range(500))})
    begun = []
    event.listen(
        store.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: begun.append(1) if statement.startswith("BEGIN") else None,
    )
    assert queue(store, batch) == list(range(1, 501))
    assert len(begun) == 1


def test_an_entry_that_does_not_fit_its_data_is_named_and_nothing_is_stored(store):
    with pytest.raises(
        ConfigError, match=r"grid entry 2 \(batch_size = 70\): batch_size must be at most the 60"
    ):
        queue(store, prepared(store, grid={"batch_size": [8, 70]}))
    with pytest.raises(
        ConfigError, match=r"runs entry 1 \(hidden_sizes = .*: hidden_sizes must fit into memory"
    ):
        prepared(store, runs=[{"hidden_sizes": [1_000_000, 1_000_000]}])
    with pytest.raises(ConfigError, match=r"base: table must name a file of this store"):
        prepare(store, entries_of_grid({"base": {"dataset": "table", "table": "a" * 64, "target": "y"}}))
    assert list_runs(store) == []
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 0


def test_data_beyond_the_limit_is_refused(store, monkeypatch):
    monkeypatch.setattr("engine.store.submit.DATA_BYTES_AT_MOST", 10_000)
    with pytest.raises(ConfigError, match="the data of all runs must have at most"):
        prepared(store, grid={"data_seed": list(range(20))})


def test_numbers_of_deleted_runs_are_not_given_again(store):
    ids = queue(store, prepared(store, grid={"seed": [0, 1, 2]}))
    delete_runs(store, ids[1:])
    assert queue(store, prepared(store, grid={"seed": [3, 4]})) == [4, 5]


def test_the_estimate_grows_with_runs_epochs_and_width(store):
    one = prepared(store)
    many, long, wide = (
        prepared(store, **more)
        for more in (
            {"seeds": 10},
            {"grid": {"epochs": [400]}},
            {"grid": {"hidden_sizes": [[2000, 2000]]}},
        )
    )
    assert many.seconds == pytest.approx(10 * one.seconds)
    assert long.seconds > one.seconds and wide.seconds > one.seconds
    assert (many.total_steps, long.total_steps) == (10 * one.total_steps, 100 * one.total_steps)
