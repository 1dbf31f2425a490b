"""Stores of older schemas are copied and brought up to date, and lose nothing by it."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from engine.exchange.export import exported
from engine.exchange.export.text import layers_csv, metrics_csv, wide_csv
from engine.exchange.imports import import_file
from engine.store import store as stores
from engine.store.branching import continue_run
from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.predictions import predictions_of
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs, load_run
from engine.store.schema import SCHEMA_VERSION, metadata, schema_version
from engine.store.store import StoreError, open_store
from engine.training.model import initial_state
from engine.training.telemetry import LAYER_STATISTICS, SCALARS
from engine.training.trainer import train
from engine.workers.session import train_claimed
from tests.store.other_columns import NEW, one_more

FIRST_SCHEMA = Path(__file__).with_name("schema1.sql")
SECOND_SCHEMA = Path(__file__).with_name("schema2.sql")
# Written by the last version of schema 3: a finished run, one that diverged, and one whose worker was killed.
THIRD_SCHEMA = Path(__file__).with_name("schema3.sql")
# The sha256 of what that version exported of them.
EXPORTED = {
    metrics_csv: "c9d64730a1e8bca9fa74dd1d6406cb6221e14b60ba976f04d2758e7c614b339f",
    layers_csv: "0e78786b50d8a721bf65640824d7839caf8ff796a6eecada064878bd7623f8e1",
    wide_csv: "a5c8375e381154564f02d21b41fe9b79558deadc770f75805ed8da9d1d027512",
}
KILLED_AT = 60


@pytest.fixture
def third(tmp_path):
    """The path of a store of the third schema that nobody has opened yet."""
    path = tmp_path / "lab.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(THIRD_SCHEMA.read_text("utf-8"))
    return path


def rows_of(path):
    """Return the rows of each table of a database but for its version."""
    with closing(sqlite3.connect(path)) as kept:
        names = [name for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = set(names) - {"schema_version"}
        return {name: kept.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def learned(state):
    """Return the bits of what a state has learned and of what its optimizer remembers."""
    arrays = {**state.learned, **state.slots}
    return state.step, {name: array.tobytes() for name, array in arrays.items()}


def bits(scalars):
    return np.delete(scalars, SCALARS.places["seconds"], axis=-1).tobytes()


def test_a_store_of_the_first_schema_is_copied_and_brought_up_to_date(tmp_path):
    old, url = tmp_path / "lab.db", f"sqlite:///{tmp_path / 'lab.db'}"
    with closing(sqlite3.connect(old)) as made, made:
        made.executescript(FIRST_SCHEMA.read_text("utf-8"))
    store = open_store(url)
    (row,) = list_runs(store)
    assert (row.name, row.status, row.tags, row.archived) == ("kept", "finished", "", False)
    with store.reading() as connection:
        versions = connection.scalars(sa.select(schema_version.c.version).order_by(schema_version.c.version))
        assert list(versions) == list(range(1, SCHEMA_VERSION + 1))
    (copy,) = tmp_path.glob("lab.db.schema1-*")
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT name FROM runs").fetchall() == [("kept",)]
    made_anew = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    for table in metadata.tables:
        upgraded, fresh = (
            {c["name"] for c in sa.inspect(each.engine).get_columns(table)} for each in (store, made_anew)
        )
        assert upgraded == fresh


def test_a_store_of_the_second_schema_keeps_all_it_has_and_its_run_is_predicted_anew(tmp_path):
    old = tmp_path / "lab.db"
    with closing(sqlite3.connect(old)) as made, made:
        made.executescript(SECOND_SCHEMA.read_text("utf-8"))
        names = [name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        before = {name: made.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    store = open_store(f"sqlite:///{old}")
    (copy,) = tmp_path.glob("lab.db.schema2-*")
    for path, new in ((old, {"predictions"}), (copy, set())):
        with closing(sqlite3.connect(path)) as kept:
            tables = {name for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            assert tables == set(names) | new
            for name in set(names) - {"schema_version"}:
                assert kept.execute(f"SELECT * FROM {name}").fetchall() == before[name]
    (row,) = list_runs(store)
    found = predictions_of(store, row.id)
    assert (row.name, row.tags, row.note) == ("kept", "lesson 1", "a note")
    assert found is not None and (found.origin, found.step) == ("computed", row.step)
    assert found.test is not None and len(found.test) == len(load_run(store, row.id)[1].x_test) > 0


def test_a_run_of_the_first_schema_is_handed_on_as_a_bundle_and_goes_on(tmp_path):
    with closing(sqlite3.connect(tmp_path / "lab.db")) as made, made:
        made.executescript(FIRST_SCHEMA.read_text("utf-8"))
    store = open_store(f"sqlite:///{tmp_path / 'lab.db'}")
    (copied,) = import_file(store, exported(store, [1], "bundle"))
    ends = []
    for run in (1, copied):
        child = continue_run(store, run, 2)
        lease = claim(store, new_owner(), child)
        assert lease is not None and train_claimed(store, lease) == "finished"
        state = latest_checkpoint(store, child)[0]
        assert state is not None
        ends.append(state.theta.tobytes())
    assert ends[0] == ends[1]


def test_a_store_of_the_third_schema_exports_what_it_exported_before_and_no_row_of_it_changes(third):
    before = rows_of(third)
    store = open_store(f"sqlite:///{third}")
    (copy,) = third.parent.glob("lab.db.schema3-*")
    assert rows_of(third) == rows_of(copy) == before
    assert [(row.name, row.status) for row in list_runs(store)] == [
        ("interrupted", "running"),
        ("diverged", "diverged"),
        ("finished", "finished"),
    ]
    shown = {write: write(store, [1, 2, 3]) for write in EXPORTED}
    assert {write: hashlib.sha256(text.encode()).hexdigest() for write, text in shown.items()} == EXPORTED


def test_a_store_whose_chunks_name_their_columns_is_refused_by_a_program_that_reads_them_by_place(
    third, monkeypatch
):
    open_store(f"sqlite:///{third}").close()
    monkeypatch.setattr(stores, "SCHEMA_VERSION", 3)
    with pytest.raises(StoreError, match="newer version"):
        open_store(f"sqlite:///{third}")


def test_a_run_that_was_killed_under_the_third_schema_goes_on_to_the_bits_of_an_unbroken_one(third):
    """Bits hold on one machine: what was trained where the store was written may differ from that here.

    So the unbroken run is trained from the checkpoint, and from the first step where that has the same bits.
    """
    store = open_store(f"sqlite:///{third}")
    (config, dataset), recorded = load_run(store, 3), read_series(store, 3)
    unbroken, _ = latest_checkpoint(store, 3)
    from_the_first = initial_state(config, dataset)
    assert unbroken is not None and unbroken.step == KILLED_AT < get_run(store, 3).total_steps
    begun = learned(unbroken)
    records = [record for record in train(config, dataset, unbroken) if record]
    reached = [
        learned(from_the_first)
        for record in train(config, dataset, from_the_first)
        if record and record.step in (KILLED_AT, unbroken.step)
    ]
    lease = claim(store, new_owner(), 3, frozen=frozenset({3}))
    assert lease is not None and train_claimed(store, lease) == "finished"
    state, series = latest_checkpoint(store, 3)[0], read_series(store, 3)
    assert state is not None and learned(state) == learned(unbroken)
    assert reached[0] != begun or reached[1] == learned(state)
    assert bits(series.scalars) == bits(np.vstack([recorded.scalars, [each.scalars for each in records]]))
    layers = np.concatenate([recorded.layers, [each.layers for each in records]])
    assert series.layers.tobytes() == layers.tobytes()


def test_an_old_run_is_exported_under_columns_that_came_since_with_blanks(third, columns):
    store = open_store(f"sqlite:///{third}")
    columns(one_more)
    for write, listed in ((metrics_csv, SCALARS), (layers_csv, LAYER_STATISTICS)):
        lines = [line.split(",") for line in write(store, [1, 2, 3]).splitlines()]
        place = lines[0].index(NEW)
        assert place > 5 and {line.pop(place) for line in lines} == {NEW, ""}
        text = "".join(f"{','.join(line)}\n" for line in lines)
        assert hashlib.sha256(text.encode()).hexdigest() == EXPORTED[write] and NEW in listed.names
