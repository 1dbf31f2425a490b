"""Runs are queued together, all or none: data stored once, settings planned once, seeds as groups."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine.config import ConfigError, parse_config
from engine.config.grid import entries_of_grid
from engine.data.dataset import build_dataset
from engine.store import submit as submitting
from engine.store.branching import continue_run, repeat_run
from engine.store.edit import delete_runs
from engine.store.files import keep_file
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run, list_runs, load_run
from engine.store.schema import datasets, runs
from engine.store.store import StoreError
from engine.store.submit import Submission, of_grid, prepare, submit, submit_one, with_seeds

SMALL = {"samples": 80, "epochs": 4, "hidden_sizes": [6]}


def prepared(store, **grid):
    return prepare(store, of_grid(entries_of_grid({"base": SMALL, **grid})))


def test_queued_runs_are_those_that_submitting_one_by_one_would_give(store, submitted):
    ids = submit(store, prepared(store, grid={"learning_rate": [0.1, 0.2]}, tags="a, b"))
    alone = get_run(store, submitted(learning_rate=0.2))
    row = get_run(store, ids[1])
    for name in ("config", "dataset_id", "total_steps", "parameters", "score_name", "status", "paused"):
        assert getattr(row, name) == getattr(alone, name)
    assert (row.name, row.tags) == ("learning_rate = 0.2", "a, b")


def test_each_configuration_with_its_seeds_is_a_group_and_one_seed_is_none(store):
    ids = submit(store, prepared(store, grid={"learning_rate": [0.1, 0.2]}, seeds=3))
    rows = [get_run(store, run_id) for run_id in ids]
    assert [row.group_id for row in rows] == [ids[0]] * 3 + [ids[3]] * 3
    assert [row.config["seed"] for row in rows] == [0, 1, 2, 0, 1, 2]
    (alone,) = submit(store, prepared(store))
    assert get_run(store, alone).group_id is None


def test_data_is_stored_once_for_each_content(store):
    submit(store, prepared(store, grid={"data_seed": [0, 1], "learning_rate": [0.1, 0.2]}))
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 2
        assert connection.scalar(sa.select(sa.func.count(sa.distinct(runs.c.dataset_id)))) == 2
    config, dataset = load_run(store, 3)
    assert dataset.x_train.tobytes() == build_dataset(config).x_train.tobytes()


@pytest.fixture
def begun(store):
    """Collects the write transactions that begin."""
    begun = []
    event.listen(
        store.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: begun.append(1) if statement.startswith("BEGIN") else None,
    )
    return begun


@pytest.fixture
def calls(monkeypatch):
    """Counts how often data is made, packed and hashed, and settings are resolved and planned."""
    counts = dict.fromkeys(("dataset_for", "dataset_to_bytes", "content_id", "resolve", "plan"), 0)

    def counted(name, function):
        def wrapped(*arguments):
            counts[name] += 1
            return function(*arguments)

        return wrapped

    for name in counts:
        monkeypatch.setattr(submitting, name, counted(name, getattr(submitting, name)))
    return counts


def test_five_hundred_runs_take_one_transaction(store, begun):
    batch = prepared(store, grid={"seed": list(range(500))})
    assert begun == []
    assert submit(store, batch) == list(range(1, 501))
    assert len(begun) == 1


def test_ten_seeds_take_one_transaction_one_pack_and_one_plan(store, begun, calls):
    ids = submit(store, with_seeds(parse_config(SMALL), 10))
    assert [get_run(store, run_id).config["seed"] for run_id in ids] == list(range(10))
    assert len(begun) == 1
    assert set(calls.values()) == {1}


def test_what_differs_in_more_than_its_seed_is_planned_by_itself_on_the_same_data(store, calls):
    short, long = parse_config(SMALL), parse_config({**SMALL, "epochs": 9})
    ids = submit(store, [*with_seeds(short, 2), *with_seeds(long, 2)])
    steps = [get_run(store, run_id).total_steps for run_id in ids]
    assert steps[0] == steps[1] < steps[2] == steps[3]
    assert calls == {"dataset_for": 1, "dataset_to_bytes": 1, "content_id": 1, "resolve": 2, "plan": 2}


def test_continuing_and_repeating_a_run_takes_one_transaction_and_packs_nothing(store, trained, begun, calls):
    run_id = trained()
    begun.clear()
    calls.update(dict.fromkeys(calls, 0))
    continue_run(store, run_id, 3)
    assert len(begun) == 1
    repeat_run(store, run_id)
    assert len(begun) == 2
    assert calls["dataset_to_bytes"] == calls["dataset_for"] == 0


def test_a_run_has_its_speed_and_waits_when_it_is_paused_from_the_moment_it_is_stored(store):
    row = get_run(store, submit_one(store, parse_config(SMALL), speed=5.0, paused=True))
    assert (row.speed, row.paused, row.status) == (5.0, True, "queued")
    assert claim(store, new_owner()) is None


def test_runs_join_a_group_that_there_is_or_begin_one(store, submitted):
    base, config = submitted(), parse_config(SMALL)
    ids = submit(store, [Submission(config, group=base), *with_seeds(config, 2), Submission(config)])
    assert [get_run(store, run_id).group_id for run_id in ids] == [base, ids[1], ids[1], None]


def test_when_one_run_cannot_be_stored_none_is_and_nothing_of_them(store):
    def fail(connection, run_id, planned):
        raise RuntimeError("the disk is gone")

    config = parse_config(SMALL)
    with pytest.raises(RuntimeError):
        submit(store, [Submission(config), Submission(config, fill=fail)])
    assert list_runs(store) == []
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 0


def test_a_run_that_does_not_fit_may_be_skipped_and_the_others_are_queued(store):
    wide = parse_config({**SMALL, "hidden_sizes": [1_000_000, 1_000_000]})
    refused = []
    wanted = [Submission(wide, place="the first"), *with_seeds(wide, 2), Submission(parse_config(SMALL))]
    assert len(submit(store, prepare(store, wanted, skip=refused.append))) == 1
    assert [str(error)[:38] for error in refused[:2]] == [
        "the first: hidden_sizes must fit into ",
        "hidden_sizes must fit into memory: 1,0",
    ]
    assert len(refused) == 3
    assert submit(store, prepare(store, wanted[:1], skip=refused.append)) == []


def test_a_run_whose_data_was_deleted_meanwhile_is_refused(store, trained):
    run_id = trained()
    row, dataset = get_run(store, run_id), load_run(store, run_id)[1]
    delete_runs(store, [run_id])
    with pytest.raises(StoreError, match="the data of the run was deleted in the meantime"):
        submit_one(store, row.settings, dataset, dataset_id=row.dataset_id)
    assert list_runs(store) == []


def test_a_table_that_many_runs_learn_from_is_read_once(store, monkeypatch):
    lines = "\n".join(f"{number},{number % 7},{number % 2}" for number in range(40))
    file_id = keep_file(store, "table.csv", f"a,b,y\n{lines}\n".encode())
    read = []
    stored = submitting.stored_table
    monkeypatch.setattr(submitting, "stored_table", lambda *asked: read.append(1) or stored(*asked))
    base = {"dataset": "table", "table": file_id, "target": "y", "batch_size": 8}
    ids = submit(store, of_grid(entries_of_grid({"base": base, "grid": {"data_seed": [0, 1, 2]}})))
    assert len({get_run(store, run_id).dataset_id for run_id in ids}) == 3
    assert len(read) == 1


def test_an_entry_that_does_not_fit_its_data_is_named_and_nothing_is_stored(store):
    with pytest.raises(
        ConfigError, match=r"grid entry 2 \(batch_size = 70\): batch_size must be at most the 60"
    ):
        submit(store, prepared(store, grid={"batch_size": [8, 70]}))
    with pytest.raises(
        ConfigError, match=r"runs entry 1 \(hidden_sizes = .*: hidden_sizes must fit into memory"
    ):
        prepared(store, runs=[{"hidden_sizes": [1_000_000, 1_000_000]}])
    unknown = entries_of_grid({"base": {"dataset": "table", "table": "a" * 64, "target": "y"}})
    with pytest.raises(ConfigError, match=r"base: table must name a file of this store"):
        prepare(store, of_grid(unknown))
    assert list_runs(store) == []
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 0


def test_data_beyond_the_limit_is_refused(store, monkeypatch):
    monkeypatch.setattr("engine.store.submit.DATA_BYTES_AT_MOST", 10_000)
    with pytest.raises(ConfigError, match="the data of all runs must have at most"):
        prepared(store, grid={"data_seed": list(range(20))})


def test_numbers_of_deleted_runs_are_not_given_again(store):
    ids = submit(store, prepared(store, grid={"seed": [0, 1, 2]}))
    delete_runs(store, ids[1:])
    assert submit(store, prepared(store, grid={"seed": [3, 4]})) == [4, 5]


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
