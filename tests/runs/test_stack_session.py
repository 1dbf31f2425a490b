"""A worker trains waiting seeds of one configuration together; each run keeps its own life and its bits."""

import os
import signal
import time

import psutil
import pytest
import sqlalchemy as sa

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.runs import siblings, stack_session
from engine.runs.catalog import get_run, reopen, request, set_speed
from engine.runs.changes import ask_change, read_changes
from engine.runs.checkpoints import latest_checkpoint
from engine.runs.groups import submit_seeds
from engine.runs.launcher import ensure_workers
from engine.runs.lease import claim, new_owner
from engine.runs.predictions import stored_predictions
from engine.runs.schema import checkpoints, runs, workers
from engine.runs.series import read_series
from engine.runs.session import train_claimed
from engine.runs.siblings import claim_siblings
from engine.runs.snapshots import read_snapshots
from engine.runs.stack_session import train_claimed_together
from engine.runs.store import open_store
from engine.training.telemetry import SCALAR_INDEX

pytestmark = pytest.mark.xdist_group("processes")
COLUMNS = [runs.c[name] for name in ("status", "message", "step", "best_val_loss", "best_step", "paused")]
COLUMNS += [runs.c[f"{split}_{what}"] for split in ("train", "val", "test") for what in ("loss", "score")]


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    """The share of a worker does not depend on the machine that runs the tests."""
    monkeypatch.setattr(siblings.os, "cpu_count", lambda: 1)


@pytest.fixture(autouse=True)
def no_worker_is_left(store):
    yield
    with store.reading() as connection:
        pids = list(connection.scalars(sa.select(workers.c.pid)))
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def seeds(store):
    """Submit a configuration with several seeds and return the ids of the runs."""

    def submit(count=4, **settings):
        config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
        return submit_seeds(store, config, build_dataset(config), count)

    return submit


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


def take(store):
    """Claim the oldest waiting run and what may be trained beside it."""
    lease = claim(store, new_owner())
    assert lease is not None
    return claim_siblings(store, lease)


def train_one_by_one(store, run_ids):
    for run_id in run_ids:
        lease = claim(store, new_owner(), run_id)
        assert lease is not None
        train_claimed(store, lease)


def what_is_left(store, run_id):
    """Return all that a run leaves in the store, but for times and who trained it."""
    with store.reading() as connection:
        row = connection.execute(sa.select(*COLUMNS).where(runs.c.id == run_id)).one()
    series, state = read_series(store, run_id), latest_checkpoint(store, run_id)[0]
    series.scalars[:, SCALAR_INDEX["seconds"]] = state.seconds = 0.0
    snapshots = {
        step: [array.tobytes() for array in arrays.values()]
        for step, arrays in read_snapshots(store, run_id).items()
    }
    told = series.scalars.tobytes() + series.measured.tobytes() + series.layers.tobytes()
    return tuple(row), told, state.to_bytes(), snapshots, stored_predictions(store, run_id)


def statuses(store, run_ids):
    return [get_run(store, run_id).status for run_id in run_ids]


ENDS = {
    "finished": {"dropout": 0.2, "test_fraction": 0.2},
    "stopped early at steps of their own": {
        "early_stopping": 1,
        "restore_best": True,
        "learning_rate": 1.0,
        "epochs": 30,
    },
    "some diverged": {
        "activation": "relu",
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "loss": "mse",
        "epochs": 20,
    },
}


@pytest.mark.parametrize("settings", ENDS.values(), ids=ENDS.keys())
def test_runs_trained_together_leave_in_the_store_what_they_leave_alone(store, tmp_path, seeds, settings):
    ids = seeds(6, **settings)
    leases = take(store)
    assert [lease.run_id for lease in leases] == ids
    train_claimed_together(store, leases)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
    train_one_by_one(other, submit_seeds(other, config, build_dataset(config), 6))
    for run_id in ids:
        assert what_is_left(store, run_id) == what_is_left(other, run_id)
    assert set(statuses(store, ids)) == {"finished", *(["diverged"] if "loss" in settings else [])}
    assert (len({get_run(store, run_id).step for run_id in ids}) > 1) == ("epochs" in settings)
