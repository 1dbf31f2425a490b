"""Workers are real processes: killed at any instant, the run ends with the bits of an unbroken one."""

import math
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, request, set_speed
from engine.store.schema import runs, workers
from engine.training.telemetry import SCALAR_INDEX
from engine.workers import controls, launcher, session
from engine.workers.launcher import ensure_workers
from engine.workers.session import train_claimed
from tests.waiting import WITHOUT_END, wait_for

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("no_worker_is_left")]


def holder(store, run_id):
    with store.reading() as connection:
        return connection.scalar(sa.select(runs.c.lease_pid).where(runs.c.id == run_id))


def idle_workers(store):
    with store.reading() as connection:
        return list(connection.scalars(sa.select(workers.c.idle)))


def without_seconds(series):
    scalars = series.scalars.copy()
    scalars[:, SCALAR_INDEX["seconds"]] = 0
    return scalars.tobytes() + series.layers.tobytes()


def test_a_run_killed_in_the_middle_ends_with_the_bits_of_an_unbroken_one(
    store, store_url, submitted, start_held
):
    """Twice with updates that are in no store yet, once with a commit that is written and not done."""
    settings = {"epochs": 120, "dropout": 0.2, "samples": 200, "record_every": 5}
    unbroken = submitted(**settings)
    lease = claim(store, new_owner(), unbroken)
    assert lease is not None and train_claimed(store, lease) == "finished"
    killed = submitted(**settings)
    for place, step in (("between commits", 100), ("in a commit", 250), ("between commits", 400)):
        before = get_run(store, killed).step
        worker = start_held(place, step, "worker")
        reached = worker.reached()
        assert get_run(store, killed).status == "running" and holder(store, killed) == worker.process.pid
        worker.kill()
        row = get_run(store, killed)
        assert row.status == "interrupted" and before <= row.step < reached < row.total_steps
        assert (row.step >= step) == (place == "between commits")
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
    run_id = submitted(**WITHOUT_END)
    per_epoch = get_run(store, run_id).total_steps // WITHOUT_END["epochs"]
    ensure_workers(store_url, 1)
    wait_for(lambda: get_run(store, run_id).step > 0)
    request(store, run_id, "pause")
    wait_for(lambda: get_run(store, run_id).paused)
    frozen = get_run(store, run_id).step
    time.sleep(0.5)  # several looks of a worker at the store
    assert get_run(store, run_id).step == frozen
    request(store, run_id, "step")
    wait_for(lambda: get_run(store, run_id).paused and get_run(store, run_id).step > frozen)
    stepped = get_run(store, run_id).step
    assert stepped - frozen <= per_epoch and stepped % per_epoch == 0
    request(store, run_id, "resume")
    wait_for(lambda: get_run(store, run_id).step > stepped + per_epoch)
    request(store, run_id, "stop")
    wait_for(lambda: get_run(store, run_id).status == "stopped")


def test_a_run_that_begins_by_a_step_pauses_after_its_first_epoch(store, store_url, submitted):
    run_id = submitted(**WITHOUT_END)
    request(store, run_id, "step")
    per_epoch = get_run(store, run_id).total_steps // WITHOUT_END["epochs"]
    ensure_workers(store_url, 1)
    wait_for(lambda: get_run(store, run_id).paused)
    assert get_run(store, run_id).step == per_epoch


def test_a_chosen_speed_holds_the_run_back_and_can_be_changed(store, store_url, submitted):
    run_id = submitted(epochs=2000)
    set_speed(store, run_id, 1e-4)
    ensure_workers(store_url, 1)
    wait_for(lambda: len(read_series(store, run_id)) == 1)
    time.sleep(0.5)  # for some hundred epochs, at full speed
    assert (get_run(store, run_id).status, get_run(store, run_id).step) == ("running", 0)
    set_speed(store, run_id, None)
    wait_for(lambda: get_run(store, run_id).status == "finished")


class Clock:
    """A clock that stands still but for those who sleep."""

    time = staticmethod(time.time)

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_each_epoch_lasts_as_long_as_the_chosen_speed_wants_it_to(store, submitted, monkeypatch):
    clock = Clock()
    for module in (session, controls):
        monkeypatch.setattr(module, "time", clock)
    run_id = submitted(epochs=30)
    set_speed(store, run_id, 10.0)
    epochs = {}

    def note(record):
        if record["epoch"] == int(record["epoch"]):
            epochs[int(record["epoch"])] = clock.now
        if record["epoch"] == 20:
            set_speed(store, run_id, 2.0)

    lease = claim(store, new_owner(), run_id)
    assert lease is not None and train_claimed(store, lease, note) == "finished"
    assert epochs[20] == pytest.approx(2.0)
    assert np.diff(list(epochs.values())[1:21]) == pytest.approx(0.1)
    assert np.diff(list(epochs.values())[22:]) == pytest.approx(0.5)


def test_no_queued_run_is_left_however_many_launchers_race(store, store_url, submitted):
    ids = [submitted(epochs=3, seed=seed) for seed in range(6)]
    for _ in range(3):
        ensure_workers(store_url, 2)
    wait_for(lambda: all(get_run(store, run_id).status == "finished" for run_id in ids))
    with store.reading() as connection:
        assert set(connection.scalars(sa.select(runs.c.lease_epoch))) == {1}


def test_a_worker_that_is_still_starting_counts_as_one_that_will_take_the_run(
    store, store_url, submitted, monkeypatch, tmp_path
):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 3600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    submitted()
    assert ensure_workers(store_url, 2) == 1
    assert ensure_workers(store_url, 2) == 0


def test_a_worker_that_cannot_start_leaves_its_words_in_a_file_and_is_not_tried_again_at_once(
    store, store_url, submitted, monkeypatch
):
    submitted()
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setattr(launcher, "WAIT_AFTER_FAILURE_SECONDS", math.inf)
    monkeypatch.setattr(launcher, "ROOT", Path(store_url.removeprefix("sqlite:///")).parent)
    assert ensure_workers(store_url, 1) == 1
    wait_for(lambda: launcher.last_worker_error(store_url))
    assert str(launcher.log_path(store_url)) in launcher.last_worker_error(store_url)
    assert "No module named engine" in launcher.log_path(store_url).read_text()
    assert ensure_workers(store_url, 1) == 0
    launcher._failures.clear()


def test_an_idle_worker_waits_warm_for_the_next_run(store, store_url, submitted):
    ensure_workers(store_url, 2)
    first = submitted()
    wait_for(lambda: get_run(store, first).status == "finished")
    second = submitted()
    wait_for(lambda: get_run(store, second).status == "finished")
    wait_for(lambda: idle_workers(store) == [True])
    assert ensure_workers(store_url, 2) == 0
