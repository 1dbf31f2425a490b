"""A worker trains waiting seeds of one configuration as a stack; each has its own status and its bits."""

import os
import subprocess
import sys

import pytest
from sqlalchemy.exc import OperationalError

from engine.config import parse_config
from engine.store.predictions import stored_predictions
from engine.store.runs import get_run, request
from engine.store.store import open_store
from engine.store.submit import submit, with_seeds
from engine.workers import journal as journal_module
from engine.workers.journal import Journal
from engine.workers.launcher import ONE_THREAD, ROOT
from engine.workers.session import Session, train_claimed
from tests.waiting import WITHOUT_END, wait_for
from tests.workers.together import statuses, take, train_one_by_one, what_is_left

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("one_core")]


@pytest.fixture
def start_worker(store_url):
    """Start a real worker that counts one core, and return its process; none is left afterwards."""
    code = f"import os; os.cpu_count = lambda: 1; from engine.workers.worker import work; work({store_url!r})"
    started = []

    def start():
        started.append(subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | ONE_THREAD))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


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
    train_claimed(store, leases)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
    train_one_by_one(other, submit(other, with_seeds(config, 6)))
    for run_id in ids:
        assert what_is_left(store, run_id) == what_is_left(other, run_id)
    assert set(statuses(store, ids)) == {"finished", *(["diverged"] if "loss" in settings else [])}
    assert (len({get_run(store, run_id).step for run_id in ids}) > 1) == ("epochs" in settings)


def test_a_grid_of_values_trained_together_leaves_in_the_store_what_it_leaves_alone(store, tmp_path, seeds):
    grid = [
        {"weight_decay": 0.1, "dropout": 0.2, "clip_norm": clip, "learning_rate": rate, "seed": seed}
        for clip, rate, seed in ((1.0, 0.01, 0), (1.0, 0.1, 0), (0.1, 0.01, 0), (1.0, 0.01, 7))
    ]
    ids = [run_id for settings in grid for run_id in seeds(1, **settings)]
    leases = take(store)
    assert [lease.run_id for lease in leases] == ids
    train_claimed(store, leases)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    for settings in grid:
        config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
        train_one_by_one(other, submit(other, with_seeds(config, 1)))
    assert [what_is_left(store, run_id) for run_id in ids] == [what_is_left(other, run_id) for run_id in ids]
    assert len({get_run(store, run_id).val_loss for run_id in ids}) == len(ids)


def steps(store, run_ids):
    return [get_run(store, run_id).step for run_id in run_ids]


def test_runs_of_a_stack_killed_in_the_middle_end_with_the_bits_of_unbroken_ones(
    store, start_worker, start_held, seeds
):
    """Twice with updates that are in no store yet, once with a commit that is written and not done."""
    settings = {"epochs": 120, "samples": 200, "dropout": 0.2, "record_every": 5}
    unbroken = seeds(3, **settings)
    train_one_by_one(store, unbroken)
    killed = seeds(3, **settings)
    for place, step in (("between commits", 100), ("between commits", 250), ("in a commit", 400)):
        before = steps(store, killed)[0]
        worker = start_held(place, step, "worker")
        reached = worker.reached()
        assert statuses(store, killed) == ["running"] * 3
        worker.kill()
        assert statuses(store, killed) == ["interrupted"] * 3
        (stored,) = set(steps(store, killed))
        assert before <= stored < reached < get_run(store, killed[0]).total_steps
        assert (stored >= step) == (place == "between commits")
    start_worker()
    wait_for(lambda: statuses(store, killed) == ["finished"] * 3)
    for first, second in zip(unbroken, killed, strict=True):
        assert what_is_left(store, first) == what_is_left(store, second)


def test_one_run_of_a_stack_is_paused_another_stopped_and_the_rest_go_on(store, start_worker, seeds):
    ids = seeds(4, **WITHOUT_END)
    start_worker()
    wait_for(lambda: min(steps(store, ids)) > 0)
    request(store, ids[1], "pause")
    request(store, ids[2], "stop")
    wait_for(lambda: get_run(store, ids[1]).paused and get_run(store, ids[2]).status == "stopped")
    assert statuses(store, ids[::3]) == ["running"] * 2
    frozen = get_run(store, ids[1]).step
    wait_for(lambda: get_run(store, ids[0]).step > frozen and get_run(store, ids[3]).step > frozen)
    assert get_run(store, ids[1]).step == frozen and get_run(store, ids[1]).request == ""
    assert stored_predictions(store, ids[2]) is not None
    request(store, ids[0], "stop")
    request(store, ids[3], "stop")
    wait_for(lambda: [get_run(store, run_id).status for run_id in ids[::3]] == ["stopped"] * 2)
    request(store, ids[1], "resume")
    wait_for(lambda: get_run(store, ids[1]).step > frozen)
    request(store, ids[1], "stop")
    wait_for(lambda: get_run(store, ids[1]).status == "stopped")


def test_when_a_stack_fails_each_of_its_runs_is_tried_alone(store, seeds, monkeypatch, capsys):
    ids = seeds(3)
    leases = take(store)
    with monkeypatch.context() as patched:
        patched.setattr(Session, "run", lambda *_: [].pop())
        train_claimed(store, leases)
    assert "IndexError" in capsys.readouterr().err
    assert statuses(store, ids) == ["queued"] * 3
    for run_id in ids:
        (lease,) = take(store)
        assert lease.run_id == run_id and train_claimed(store, lease) == "finished"


def test_a_full_disk_makes_the_stack_wait_and_nothing_is_lost(store, seeds, monkeypatch):
    ids, failed, usual = seeds(3), [], Journal._write_all

    def full_at_first(journal, connection, updates):
        if len(failed) < 2:
            failed.append(journal)
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return usual(journal, connection, updates)

    monkeypatch.setattr(Journal, "_write_all", full_at_first)
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.0)
    train_claimed(store, take(store))
    assert len(failed) == 2 and statuses(store, ids) == ["finished"] * 3
    assert {get_run(store, run_id).message for run_id in ids} == {""}
