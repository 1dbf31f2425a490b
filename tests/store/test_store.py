"""The store is the truth about runs, and refuses whatever is not a store of ours."""

import sqlite3
import subprocess
import time

import numpy as np
import pytest
import sqlalchemy as sa

from engine.store.checkpoints import latest_checkpoint
from engine.store.files import NoSuchFile, file_content, keep_file, list_files
from engine.store.lease import (
    LeaseLost,
    claim,
    holder_is_gone,
    host_name,
    new_owner,
    process_start,
    write_held,
)
from engine.store.records import cut_after, read_series
from engine.store.runs import NoSuchRun, get_run, list_runs, load_run, reopen, request
from engine.store.schema import (
    checkpoints,
    chunks,
    datasets,
    runs,
)
from engine.store.snapshots import read_snapshots
from engine.store.store import StoreError, open_store
from engine.training.model import predict
from engine.workers.session import train_claimed


def trained(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease)


def test_a_submitted_run_is_queued_and_trains_to_the_end(store, submitted):
    run_id = submitted(name="first")
    assert get_run(store, run_id).status == "queued"
    assert trained(store, run_id) == "finished"
    row = get_run(store, run_id)
    assert (row.status, row.step, row.name) == ("finished", row.total_steps, "first")
    assert row.val_score is not None and 0 <= row.val_score <= 1


def test_every_recorded_step_is_in_the_series_once_and_in_order(store, submitted):
    run_id = submitted(epochs=60)
    trained(store, run_id)
    steps = read_series(store, run_id)["step"]
    np.testing.assert_array_equal(steps, np.arange(len(steps)))


def test_reading_since_a_step_gives_only_what_came_later(store, submitted):
    run_id = submitted()
    trained(store, run_id)
    whole, late = read_series(store, run_id), read_series(store, run_id, since_step=3)
    np.testing.assert_array_equal(late.scalars, whole.scalars[whole["step"] > 3])


def test_equal_data_is_stored_once(store, submitted):
    submitted(seed=1)
    submitted(seed=2)
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 1


def test_an_unknown_run_is_named(store):
    for run_id in (99, -1, 10**30):
        with pytest.raises(NoSuchRun, match=f"no such run: {run_id}"):
            get_run(store, run_id)


def test_a_run_is_claimed_by_one_process_alone(store, submitted):
    run_id = submitted()
    assert claim(store, "a", run_id) is not None
    assert claim(store, "b", run_id) is None


def test_a_holder_that_lost_its_lease_writes_nothing(store, submitted):
    run_id = submitted()
    old = claim(store, "a", run_id)
    new = claim(store, "b", run_id, frozen=frozenset({run_id}))
    assert old is not None and new is not None and new.epoch == old.epoch + 1
    with pytest.raises(LeaseLost), store.writing() as connection:
        write_held(connection, old, step=999)
    assert get_run(store, run_id).step == 0


def test_a_run_whose_workers_die_without_progress_fails_after_three_takeovers(store, submitted):
    run_id = submitted()
    claim(store, "a", run_id)
    frozen = frozenset({run_id})
    assert all(claim(store, "b", run_id, frozen=frozen) for _ in range(3))
    assert claim(store, "b", run_id, frozen=frozen) is None
    assert get_run(store, run_id).status == "failed"


def test_a_zombie_and_a_process_number_used_again_count_as_gone():
    child = subprocess.Popen(["true"])
    while process_start(child.pid) is not None:
        pass
    assert holder_is_gone(host_name(), child.pid, 0.0)
    child.wait()
    living = subprocess.Popen(["sleep", "60"])
    started = process_start(living.pid)
    assert started is not None
    assert not holder_is_gone(host_name(), living.pid, started)
    assert holder_is_gone(host_name(), living.pid, started - 100)
    living.kill()
    living.wait()


def test_stop_is_final_for_a_queued_run_and_a_finished_run_stays_finished(store, submitted):
    queued, done = submitted(), submitted()
    trained(store, done)
    for run_id in (queued, queued, done):
        request(store, run_id, "stop")
    reopen(store, done)
    assert get_run(store, queued).status == "stopped" and get_run(store, done).status == "finished"


def test_a_stopped_run_goes_on_to_the_same_bits_as_an_unbroken_one(store, submitted):
    whole, broken = submitted(epochs=30, dropout=0.2), submitted(epochs=30, dropout=0.2)
    trained(store, whole)
    lease = claim(store, "a", broken)
    assert lease is not None
    stopped_at = []

    def stop_midway(record):
        if record.step == 10:
            request(store, broken, "stop")
            stopped_at.append(record.step)

    assert train_claimed(store, lease, stop_midway) == "stopped" or stopped_at
    reopen(store, broken)
    if get_run(store, broken).status != "finished":
        assert trained(store, broken) == "finished"
    first, second = latest_checkpoint(store, whole)[0], latest_checkpoint(store, broken)[0]
    assert first is not None and second is not None
    assert first.theta.tobytes() == second.theta.tobytes()


def test_a_damaged_checkpoint_is_passed_over_and_the_records_after_the_good_one_go(store, submitted):
    run_id = submitted(epochs=40)
    lease = claim(store, "a", run_id)
    assert lease is not None

    def commit_often(record):
        if record.step in (20, 30):
            request(store, run_id, "resume")  # a request is obeyed with a commit
            time.sleep(0.06)

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


def test_cutting_a_series_keeps_what_was_before(store, submitted):
    run_id = submitted(epochs=60)
    trained(store, run_id)
    with store.writing() as connection:
        cut_after(connection, run_id, 57)
    assert read_series(store, run_id)["step"][-1] == 57


def test_a_run_keeps_few_checkpoints_however_long_it_is(store, submitted):
    run_id = submitted()
    trained(store, run_id)
    with store.reading() as connection:
        assert 1 <= (connection.scalar(sa.select(sa.func.count()).select_from(checkpoints)) or 0) <= 10
        assert connection.scalar(sa.select(sa.func.max(chunks.c.records))) <= 100


def test_hostile_names_are_kept_as_text(store, submitted):
    for name in ("<script>alert(1)</script>", "'; DROP TABLE runs;--", "‮abc", "=cmd|'/C calc'!A0"):
        assert get_run(store, submitted(name=name)).name == name
    assert get_run(store, submitted(name="a\0b\ud800")).name == "ab?"
    assert len(list_runs(store)) == 5


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
    newer = tmp_path / "newer.db"
    with open_store(f"sqlite:///{newer}").writing() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version = 99"))
    for path, reason in ((random, "damaged"), (foreign, "another program"), (newer, "newer version")):
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


def test_equal_files_are_kept_once_and_an_unknown_one_is_named(store):
    first, again = keep_file(store, "a.csv", b"x,y\n1,2\n"), keep_file(store, "b.csv", b"x,y\n1,2\n")
    assert first == again and list_files(store) == [(first, "a.csv")]
    assert file_content(store, first) == b"x,y\n1,2\n"
    with pytest.raises(NoSuchFile, match="no such file: 00"):
        file_content(store, "00")
