"""The store is the truth about runs, and refuses whatever is not a store of ours."""

import sqlite3
import subprocess

import numpy as np
import pytest
import sqlalchemy as sa

from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import (
    claim,
    holder_is_gone,
    host_name,
    new_owner,
    process_start,
)
from engine.store.records import read_series
from engine.store.runs import get_run, load_run, reopen, request
from engine.store.schema import (
    checkpoints,
    chunks,
    runs,
)
from engine.store.snapshots import read_snapshots
from engine.store.store import StoreError, open_store
from engine.training.model import predict
from engine.workers.session import train_claimed
from tests.waiting import wait_for


def trained(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease)


def test_a_run_whose_workers_die_without_progress_fails_after_three_takeovers(store, submitted):
    run_id = submitted()
    claim(store, "a", run_id)
    frozen = frozenset({run_id})
    assert all(claim(store, "b", run_id, frozen=frozen) for _ in range(3))
    assert claim(store, "b", run_id, frozen=frozen) is None
    assert get_run(store, run_id).status == "failed"


def test_a_zombie_and_a_process_number_used_again_count_as_gone():
    child = subprocess.Popen(["true"])
    wait_for(lambda: process_start(child.pid) is None)
    assert holder_is_gone(host_name(), child.pid, 0.0)
    child.wait()
    living = subprocess.Popen(["sleep", "3600"])
    started = process_start(living.pid)
    assert started is not None
    assert not holder_is_gone(host_name(), living.pid, started)
    assert holder_is_gone(host_name(), living.pid, started - 100)
    living.kill()
    living.wait()


def test_a_damaged_checkpoint_is_passed_over_and_the_records_after_the_good_one_go(
    store, submitted, polling_always
):
    run_id = submitted(epochs=40)
    lease = claim(store, "a", run_id)
    assert lease is not None

    def commit_often(record):
        if record.step in (20, 30):
            request(store, run_id, "resume")  # a request is obeyed with a commit

    train_claimed(store, lease, commit_often)
    expected = read_series(store, run_id)
    with store.writing() as connection:
        steps = list(connection.scalars(sa.select(checkpoints.c.step).order_by(checkpoints.c.step.desc())))
        newest = checkpoints.c.step == steps[0]
        blob = bytearray(connection.scalar(sa.select(checkpoints.c.state).where(newest)) or b"")
        blob[len(blob) // 2] ^= 1
        connection.execute(checkpoints.update().where(newest).values(state=bytes(blob)))
        connection.execute(runs.update().values(status="stopped"))
    state, damaged = latest_checkpoint(store, run_id)
    assert damaged == 1 and state is not None and state.step == steps[1]
    reopen(store, run_id)
    assert trained(store, run_id) == "finished"
    np.testing.assert_array_equal(read_series(store, run_id)["train_loss"], expected["train_loss"])


def test_a_run_keeps_few_checkpoints_however_long_it_is(store, submitted):
    run_id = submitted()
    trained(store, run_id)
    with store.reading() as connection:
        assert 1 <= (connection.scalar(sa.select(sa.func.count()).select_from(checkpoints)) or 0) <= 10
        assert connection.scalar(sa.select(sa.func.max(chunks.c.records))) <= 100


def test_a_store_opened_again_is_the_same(store, store_url, submitted):
    run_id = submitted(name="kept")
    assert get_run(open_store(store_url), run_id).name == "kept"
    config, dataset = load_run(open_store(store_url), run_id)
    assert config.loss == "binary_cross_entropy" and len(dataset.x_train) == 60


def test_random_bytes_a_foreign_database_and_a_newer_store_are_refused_unchanged(tmp_path):
    random = tmp_path / "random.db"
    random.write_bytes(np.random.default_rng(0).bytes(5000))
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE users (name)")
    connection.close()
    alike = tmp_path / "alike.db"
    with sqlite3.connect(alike) as connection:
        connection.execute("CREATE TABLE runs (name)")
        connection.execute("CREATE TABLE schema_version (number)")
    connection.close()
    newer = tmp_path / "newer.db"
    with open_store(f"sqlite:///{newer}").writing() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version = 99"))
    reasons = {
        random: "damaged",
        foreign: "another program",
        alike: "another program",
        newer: "newer version",
    }
    for path, reason in reasons.items():
        before = path.read_bytes()
        with pytest.raises(StoreError, match=reason):
            open_store(f"sqlite:///{path}")
        assert path.read_bytes() == before


@pytest.mark.parametrize("url", ["nonsense", "sqlite:///:memory:", "sqlite:////tmp", "oracel://x"])
def test_a_url_that_names_no_store_is_refused_in_one_sentence(url):
    with pytest.raises(StoreError):
        open_store(url)


def test_a_run_keeps_snapshots_of_its_parameters_from_first_to_last_step(store, submitted):
    run_id = submitted(epochs=300, record_every=1)
    trained(store, run_id)
    row, kept = get_run(store, run_id), read_snapshots(store, run_id)
    assert min(kept) == 0 and max(kept) == row.total_steps and 100 <= len(kept) <= 200
    state, _ = latest_checkpoint(store, run_id)
    assert state is not None
    np.testing.assert_array_equal(kept[row.total_steps]["theta"], state.theta)
    assert not np.array_equal(kept[0]["theta"], state.theta)


def test_a_snapshot_says_what_its_state_says_with_batch_norm_too(store, submitted):
    run_id = submitted(normalization="batch")
    trained(store, run_id)
    (config, dataset), state = load_run(store, run_id), latest_checkpoint(store, run_id)[0]
    assert state is not None and state.statistics.size > 0
    kept = read_snapshots(store, run_id)[state.step]
    np.testing.assert_array_equal(
        predict(config, dataset, kept, dataset.x_val), predict(config, dataset, state.learned, dataset.x_val)
    )
