"""Workers are real processes: killed at any instant, the run ends with the bits of an unbroken one."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import sqlalchemy as sa

from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, request, set_speed
from engine.store.schema import runs, workers
from engine.training.telemetry import SCALAR_INDEX
from engine.workers import launcher
from engine.workers.launcher import ensure_workers
from engine.workers.session import train_claimed

pytestmark = pytest.mark.xdist_group("processes")


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def no_worker_is_left(store):
    yield
    with store.reading() as connection:
        pids = list(connection.scalars(sa.select(workers.c.pid)))
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def holder(store, run_id):
    with store.reading() as connection:
        return connection.scalar(sa.select(runs.c.lease_pid).where(runs.c.id == run_id))


def without_seconds(series):
    scalars = series.scalars.copy()
    scalars[:, SCALAR_INDEX["seconds"]] = 0
    return scalars.tobytes() + series.layers.tobytes()


def test_a_run_killed_in_the_middle_ends_with_the_bits_of_an_unbroken_one(store, store_url, submitted):
    settings = {"epochs": 3000, "dropout": 0.2, "samples": 200, "record_every": 50}
    unbroken, killed = submitted(**settings), None
    lease = claim(store, new_owner(), unbroken)
    assert lease is not None and train_claimed(store, lease) == "finished"
    killed = submitted(**settings)
    set_speed(store, killed, 1500.0)  # so that no machine is too fast to be caught in the middle
    ensure_workers(store_url, 1)
    for _ in range(2):
        before = get_run(store, killed).step
        wait_for(lambda before=before: get_run(store, killed).step > before + 300)
        os.kill(holder(store, killed), signal.SIGKILL)
        wait_for(lambda: get_run(store, killed).status == "interrupted")
        assert 0 < get_run(store, killed).step < get_run(store, killed).total_steps
        ensure_workers(store_url, 1)
    wait_for(lambda: get_run(store, killed).status == "finished")
    first, second = latest_checkpoint(store, unbroken)[0], latest_checkpoint(store, killed)[0]
    assert first is not None and second is not None
    assert first.theta.tobytes() == second.theta.tobytes()
    for name, slot in first.slots.items():
        np.testing.assert_array_equal(slot, second.slots[name])
    assert without_seconds(read_series(store, unbroken)) == without_seconds(read_series(store, killed))


def test_pause_freezes_the_step_resume_goes_on_step_trains_one_epoch_and_stop_ends(
    store, store_url, submitted
):
    run_id = submitted(epochs=100_000)
    per_epoch = get_run(store, run_id).total_steps // 100_000
    ensure_workers(store_url, 1)
    wait_for(lambda: get_run(store, run_id).step > 0)
    request(store, run_id, "pause")
    wait_for(lambda: get_run(store, run_id).paused)
    frozen = get_run(store, run_id).step
    time.sleep(0.5)
    assert get_run(store, run_id).step == frozen
    request(store, run_id, "step")
    wait_for(lambda: get_run(store, run_id).paused and get_run(store, run_id).step > frozen)
    stepped = get_run(store, run_id).step
    assert stepped - frozen <= per_epoch and stepped % per_epoch == 0
    request(store, run_id, "resume")
    wait_for(lambda: get_run(store, run_id).step > stepped + per_epoch)
    request(store, run_id, "stop")
    wait_for(lambda: get_run(store, run_id).status == "stopped")


def test_a_chosen_speed_holds_the_run_back_and_can_be_changed(store, store_url, submitted):
    run_id = submitted(epochs=2000)
    set_speed(store, run_id, 10.0)
    ensure_workers(store_url, 1)
    wait_for(lambda: get_run(store, run_id).epoch >= 3)
    begun, epoch = time.monotonic(), get_run(store, run_id).epoch
    wait_for(lambda: get_run(store, run_id).epoch >= epoch + 5)
    assert get_run(store, run_id).epoch - epoch <= 10 * (time.monotonic() - begun) + 5
    set_speed(store, run_id, None)
    wait_for(lambda: get_run(store, run_id).status == "finished")


def test_no_queued_run_is_left_however_many_launchers_race(store, store_url, submitted):
    ids = [submitted(epochs=3, seed=seed) for seed in range(6)]
    for _ in range(3):
        ensure_workers(store_url, 2)
    wait_for(lambda: all(get_run(store, run_id).status == "finished" for run_id in ids))
    with store.reading() as connection:
        assert set(connection.scalars(sa.select(runs.c.lease_epoch))) == {1}


def test_a_worker_that_is_still_starting_counts_as_one_that_will_take_the_run(store, store_url, submitted):
    submitted()
    assert ensure_workers(store_url, 2) == 1
    assert ensure_workers(store_url, 2) == 0


def test_a_worker_that_cannot_start_leaves_its_words_in_a_file_and_is_not_tried_again_at_once(
    store, store_url, submitted, monkeypatch
):
    submitted()
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setattr(launcher, "ROOT", Path(store_url.removeprefix("sqlite:///")).parent)
    assert ensure_workers(store_url, 1) == 1
    wait_for(lambda: launcher.trouble(store_url))
    assert str(launcher.log_path(store_url)) in launcher.trouble(store_url)
    assert "No module named engine" in launcher.log_path(store_url).read_text()
    assert ensure_workers(store_url, 1) == 0
    launcher._failures.clear()


def test_an_idle_worker_waits_warm_for_the_next_run(store, store_url, submitted):
    ensure_workers(store_url, 2)
    first = submitted()
    wait_for(lambda: get_run(store, first).status == "finished")
    second = submitted()
    wait_for(lambda: get_run(store, second).status == "finished")
    assert ensure_workers(store_url, 2) == 0
