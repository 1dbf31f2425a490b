"""Stores of older schemas are copied and brought up to date, and lose nothing by it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from engine.exchange.export import exported
from engine.exchange.imports import import_file
from engine.store.branching import continue_run
from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.predictions import predictions_of
from engine.store.runs import list_runs, load_run
from engine.store.schema import SCHEMA_VERSION, metadata, schema_version
from engine.store.store import open_store
from engine.workers.session import train_claimed

FIRST_SCHEMA = Path(__file__).with_name("schema1.sql")
SECOND_SCHEMA = Path(__file__).with_name("schema2.sql")


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
        ends.append(latest_checkpoint(store, child)[0])
    assert ends[0].theta.tobytes() == ends[1].theta.tobytes()
