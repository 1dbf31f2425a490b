"""A continued run is the longer run, bit for bit, and stands on its own."""

import numpy as np
import pytest

from engine.config import ConfigError
from engine.store.branching import continue_run, repeat_run
from engine.store.checkpoints import latest_checkpoint
from engine.store.interventions import ask_change, pending_changes, read_changes
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import NoSuchRun, get_run, request
from engine.store.snapshots import read_snapshots
from engine.store.store import StoreError
from engine.workers.session import train_claimed


def finish(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease)


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.2},
        {"optimizer": "momentum", "dataset": "sine", "batch_size": 7},
        {"optimizer": "sgd", "batch_size": "full", "weight_decay": 0.01, "clip_norm": 1.0},
    ],
)
def test_fifty_epochs_and_fifty_more_give_the_bits_of_a_hundred(store, trained, settings):
    whole, half = trained(epochs=100, **settings), trained(epochs=50, **settings)
    child = continue_run(store, half, 50)
    assert finish(store, child) == "finished"
    expected, found = (latest_checkpoint(store, run_id)[0] for run_id in (whole, child))
    assert expected is not None and found is not None
    assert found.theta.tobytes() == expected.theta.tobytes() and found.step == expected.step
    assert {name: slot.tobytes() for name, slot in found.slots.items()} == {
        name: slot.tobytes() for name, slot in expected.slots.items()
    }
    assert found.permutation.tobytes() == expected.permutation.tobytes()
    row, longer = get_run(store, child), get_run(store, whole)
    assert (row.val_loss, row.train_loss, row.total_steps) == (
        longer.val_loss,
        longer.train_loss,
        longer.total_steps,
    )


def test_a_child_names_its_parent_and_holds_its_records_before_it_trains(store, trained):
    parent = trained(epochs=30, name="first", dropout=0.1)
    child = continue_run(store, parent, 5)
    row, before = get_run(store, child), get_run(store, parent)
    assert (row.parent_run, row.branch_step, row.status) == (parent, before.step, "queued")
    assert (row.config["epochs"], row.name, row.step) == (35, "first", before.step)
    assert read_series(store, child).scalars.tobytes() == read_series(store, parent).scalars.tobytes()
    finish(store, child)
    series = read_series(store, child)
    steps = series["step"]
    assert (np.diff(steps) > 0).all() and steps[-1] == row.total_steps
    np.testing.assert_array_equal(
        series.layers[: before.step + 1], read_series(store, parent).layers[: before.step + 1]
    )
    assert get_run(store, parent) == before
    kept = read_snapshots(store, child)
    assert 2 <= len(kept) <= 202 and max(kept) == row.total_steps


def test_a_stopped_run_is_continued_from_where_it_stopped(store, submitted):
    run_id = submitted(epochs=100_000)
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    train_claimed(store, lease, lambda record: request(store, run_id, "stop") if record.step > 50 else None)
    row = get_run(store, run_id)
    child = get_run(store, continue_run(store, run_id, 3))
    per_epoch = row.total_steps // 100_000
    assert child.branch_step == row.step
    assert child.total_steps == (-(-row.step // per_epoch) + 3) * per_epoch
    assert finish(store, child.id) == "finished"


def test_a_repeated_run_makes_the_same_changes_and_a_continued_one_goes_on_with_them(store, submitted):
    changed = submitted(epochs=40, record_every=1)
    ask_change(store, changed, "learning_rate", "0.5")
    finish(store, changed)
    (before,) = read_changes(store, changed)
    again, child = repeat_run(store, changed), continue_run(store, changed, 3)
    assert finish(store, again) == finish(store, child) == "finished"
    assert read_changes(store, again) == read_changes(store, child) == [before]
    first, second = (latest_checkpoint(store, run_id)[0] for run_id in (changed, again))
    assert first is not None and second is not None and first.learning_rate == 0.5
    assert first.theta.tobytes() == second.theta.tobytes()
    assert read_series(store, child)["learning_rate"][-1] == 0.5


def test_what_cannot_be_continued_says_why(store, submitted, trained):
    waiting, done = submitted(), trained(seed=1)
    wild = trained(learning_rate=1e6, optimizer="sgd", activation="relu", loss="mse")
    for run_id, status in ((waiting, "queued"), (wild, "diverged")):
        with pytest.raises(
            StoreError, match=f"finished or stopped run can be continued, got run {run_id} {status}"
        ):
            continue_run(store, run_id, 5)
    for epochs in (0, -3, 10**9):
        with pytest.raises(ConfigError, match="epochs must be"):
            continue_run(store, done, epochs)
    with pytest.raises(NoSuchRun):
        continue_run(store, 99, 5)


def test_a_change_that_is_requested_again_before_it_was_made_is_one_change(store, submitted):
    run_id = submitted()
    for rate in ("0.5", "0.5", "0.1", "0.5"):
        ask_change(store, run_id, "learning_rate", rate)
    with store.reading() as connection:
        pending = [change.new for _, change in pending_changes(connection, run_id)]
    assert pending == ["0.5", "0.1", "0.5"]


def test_a_child_begins_with_the_best_of_its_parent_and_shows_the_weights_that_it_goes_on_with(
    store, trained
):
    """The parent ended with its best weights; what is continued, and drawn there, are its last ones."""
    parent = trained(epochs=60, learning_rate=0.3, noise=0.6, samples=60, restore_best=True)
    child = continue_run(store, parent, 5)
    before, row = get_run(store, parent), get_run(store, child)
    assert before.best_step is not None and 0 < before.best_step < before.step
    assert (row.best_val_loss, row.best_step) == (before.best_val_loss, before.best_step)
    state, _ = latest_checkpoint(store, child)
    ended, _ = latest_checkpoint(store, parent)
    assert state is not None and ended is not None and ended.restored and not state.restored
    snapshots = read_snapshots(store, child)
    assert snapshots[row.step]["theta"].tobytes() == state.theta.tobytes() != ended.theta.tobytes()
    earlier = sorted(snapshots)[len(snapshots) // 2]
    assert earlier < row.step
    kept = read_snapshots(store, parent)[earlier]["theta"]
    assert snapshots[earlier]["theta"].tobytes() == kept.tobytes() != state.theta.tobytes()
