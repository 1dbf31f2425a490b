"""A run at one of its steps: the weights that it had there, wherever it stood when they were kept."""

import numpy as np
import pytest

from engine.config import ConfigError
from engine.store.branching import continue_run
from engine.store.interventions import ask_change
from engine.store.lease import claim, new_owner
from engine.store.moments import moment_of
from engine.store.runs import get_run
from engine.store.snapshots import read_snapshots
from engine.training.interventions import weight_change
from engine.workers.session import train_claimed

SETTINGS = {"epochs": 30, "batch_size": 16, "dropout": 0.2, "record_every": 1}


def test_the_weights_of_a_step_are_those_of_its_snapshot_bit_for_bit(store, trained):
    run_id = trained(**SETTINGS)
    last = get_run(store, run_id).step
    kept = {step: each["theta"] for step, each in read_snapshots(store, run_id).items() if step < last}
    for step in list(kept)[:: len(kept) // 6]:
        moment = moment_of(store, run_id, step)
        assert moment.state.step == step
        assert moment.state.theta.tobytes() == kept[step].tobytes()


def test_what_was_changed_by_hand_is_in_it(store, submitted):
    run_id = submitted(**SETTINGS)
    ask_change(store, run_id, "weight", weight_change(1, 2, 1, 0.75))
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    train_claimed(store, lease)
    state = moment_of(store, run_id, 0).state
    assert np.float32(0.75) in state.theta and state.changes_made == 1


def test_the_steps_of_a_continued_run_before_its_branch_are_those_of_its_parent(store, trained):
    parent = trained(**SETTINGS)
    child = continue_run(store, parent, 5, paused=True)
    lease = claim(store, new_owner(), child, even_paused=True)
    assert lease is not None
    train_claimed(store, lease, leaves_when_paused=False)
    step = get_run(store, parent).step - 3
    assert moment_of(store, child, step).state.theta.tobytes() == (
        moment_of(store, parent, step).state.theta.tobytes()
    )
    assert moment_of(store, child, step + 5).state.step == step + 5


@pytest.mark.parametrize("step", [-1, 10_000])
def test_a_step_that_the_run_did_not_make_is_refused(store, trained, step):
    run_id = trained(epochs=2)
    with pytest.raises(ConfigError, match=r"step must be from 0 to \d+, got .*: run \d+ has made"):
        moment_of(store, run_id, step)


def test_a_run_that_has_not_begun_has_no_step(store, submitted):
    with pytest.raises(ConfigError, match="step must be of a run that has made an update, got 0"):
        moment_of(store, submitted(), 0)
