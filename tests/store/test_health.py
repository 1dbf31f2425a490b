"""A damaged store is found out, what can be read of it is saved, and whole ones are copied and restored."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.store.edit import rename
from engine.store.health import copy_store, problems_of, repair
from engine.store.lease import claim
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs
from engine.store.store import StoreError, open_store
from tests.command_line import engine

PAGE = 4096


def folded(store):
    """Fold the log into the file and let go of it; return the path."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return Path(store.place)


def run_sql(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def zero_middle(path):
    """Zero pages in the middle of a file, where rows are."""
    content = bytearray(path.read_bytes())
    middle = len(content) // PAGE // 2 * PAGE
    content[middle : middle + 3 * PAGE] = bytes(3 * PAGE)
    path.write_bytes(content)


def test_a_whole_store_has_no_problem_and_its_repair_loses_nothing(store, trained, tmp_path):
    run_id = trained()
    path, before = folded(store), read_series(store, run_id)
    assert problems_of(path) == []
    saved, lost = repair(path, tmp_path / "new.db")
    new = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    assert saved > 3 and lost == []
    assert get_run(new, run_id).status == "finished"
    assert read_series(new, run_id).scalars.tobytes() == before.scalars.tobytes()


def test_zeroed_pages_are_named_and_what_can_be_read_is_saved(store, store_url, trained, tmp_path):
    for seed in range(6):
        trained(seed=seed, data_seed=seed, epochs=60, record_every=1)
    store.close()
    path = folded(store)
    zero_middle(path)
    checked = engine("doctor", url=store_url)
    assert checked.returncode == 1 and "integrity  damaged" in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr
    saved = engine("doctor", "--repair", str(tmp_path / "new.db"), url=store_url)
    assert saved.returncode == 0 and "lost: " in saved.stdout
    new = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    assert len(list_runs(new)) >= 1 and problems_of(Path(new.place)) == []


def test_a_store_without_its_chunks_is_damaged_and_its_runs_are_saved(store, store_url, trained, tmp_path):
    run_id = trained(name="kept")
    run_sql(folded(store), "DROP TABLE chunks")
    checked = engine("doctor", url=store_url)
    assert checked.returncode == 1 and "the table chunks is missing" in checked.stdout
    tried = engine("train", "--epochs", "1", url=store_url)
    assert tried.returncode == 2 and "is damaged (it lacks chunks)" in tried.stderr
    assert tried.stderr.count("\n") == 1
    saved, lost = repair(Path(store.place), tmp_path / "new.db")
    assert saved and any("chunks" in line for line in lost)
    assert get_run(open_store(f"sqlite:///{tmp_path / 'new.db'}"), run_id).name == "kept"


def test_damaged_arrays_are_named_by_run_and_left_out(store, trained, tmp_path):
    whole, broken = trained(data_seed=1), trained(data_seed=2)
    path = folded(store)
    run_sql(path, f"UPDATE chunks SET scalars = x'00' WHERE run_id = {broken}")
    (problem,) = problems_of(path)
    assert problem.startswith(f"chunks, run_id {broken}, number 0: scalars is damaged")
    _, lost = repair(path, tmp_path / "new.db")
    assert lost == [problem]
    new = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    assert len(read_series(new, whole)) > 0 and len(read_series(new, broken)) == 0


def test_a_backup_of_an_open_store_is_restored_to_the_same_runs(store, store_url, trained, tmp_path):
    run_id, copy = trained(name="kept"), tmp_path / "copy.db"
    assert engine("backup", str(copy), url=store_url).returncode == 0
    refused = engine("backup", str(copy), url=store_url)
    assert (refused.returncode, "--overwrite" in refused.stderr) == (2, True)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert engine("restore", str(copy), url=other).returncode == 0
    assert get_run(open_store(other), run_id).name == "kept"
    refused = engine("restore", str(copy), url=store_url)
    assert (refused.returncode, "is there already" in refused.stderr) == (2, True)
    reader = open_store(other)
    rename(reader, run_id, "changed")
    assert engine("restore", "--overwrite", str(copy), url=other).returncode == 0
    assert get_run(reader, run_id).name == "kept"


def test_a_store_in_which_a_run_is_trained_is_not_replaced(store, store_url, submitted, tmp_path):
    run_id, copy = submitted(), tmp_path / "copy.db"
    assert engine("backup", str(copy), url=store_url).returncode == 0
    claim(store, "somebody", run_id)
    refused = engine("restore", "--overwrite", str(copy), url=store_url)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert f"run {run_id} must not be in training" in refused.stderr


def test_what_is_no_store_is_never_restored(store, tmp_path):
    random, foreign = tmp_path / "random.db", tmp_path / "foreign.db"
    random.write_bytes(b"nothing" * 1000)
    run_sql(foreign, "CREATE TABLE users (name)")
    for path in (random, foreign, tmp_path / "absent.db"):
        with pytest.raises(StoreError):
            copy_store(path, tmp_path / "new.db")
        assert not (tmp_path / "new.db").exists()
    with pytest.raises(StoreError, match="must be new"):
        repair(Path(store.place), random)
