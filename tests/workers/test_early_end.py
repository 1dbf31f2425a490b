"""A run that patience ends is finished and says so; continued, repeated and resumed it loses no bit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.cli.runs import TrainingBar, follow, sentence
from engine.exchange.export import exported
from engine.exchange.imports import import_file
from engine.exchange.imports.errors import BadFile
from engine.exchange.imports.parts import check_state
from engine.store.branching import continue_run, repeat_run
from engine.store.checkpoints import latest_checkpoint, write_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, load_run, reopen
from engine.store.schema import runs
from engine.store.snapshots import read_snapshots
from engine.store.store import open_store
from engine.training.model import initial_state
from engine.training.state import State
from engine.training.trainer import train
from engine.workers.session import train_claimed

OVERFITS = {
    "samples": 60,
    "noise": 0.5,
    "hidden_sizes": [24],
    "activation": "relu",
    "epochs": 60,
    "batch_size": 16,
    "learning_rate": 0.05,
}
STOPS = {**OVERFITS, "early_stopping": 5, "restore_best": True}


def finish(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease)


def state_of(store, run_id):
    state, damaged = latest_checkpoint(store, run_id)
    assert state is not None and damaged == 0
    return state


def test_a_run_that_stopped_early_is_finished_and_says_so(store, trained):
    run_id = trained(**STOPS)
    row, state = get_run(store, run_id), state_of(store, run_id)
    assert (row.status, row.stopped_early, row.done, row.last_step) == ("finished", True, 1.0, row.step)
    assert row.step == state.step < row.total_steps == 180
    assert row.message == (
        f"stopped early at step {row.step} (epoch {row.epoch:.4g}): no lower validation loss for 5 epochs; "
        f"weights of step {row.best_step} kept"
    )
    assert sentence(row).endswith(f" ({row.message})")
    assert row.val_loss == pytest.approx(row.best_val_loss, rel=1e-6)


def test_a_run_in_progress_and_a_stopped_one_are_not_done(store, submitted):
    row = get_run(store, submitted(epochs=10))
    assert (row.done, row.stopped_early, row.last_step) == (0.0, False, row.total_steps)


def test_checkpoint_and_last_snapshot_hold_the_restored_weights_and_records_what_was_trained(store, trained):
    run_id, plain = trained(**STOPS), trained(**OVERFITS, evaluation="epoch")
    state, kept = state_of(store, run_id), read_snapshots(store, run_id)
    assert max(kept) == state.step
    assert kept[state.step]["theta"].tobytes() == state.theta.tobytes()
    mine, whole = read_series(store, run_id), read_series(store, plain)
    assert mine["step"][-1] == state.step
    count = len(mine)
    np.testing.assert_array_equal(mine["val_loss"], whole["val_loss"][:count])
    np.testing.assert_array_equal(mine.layers, whole.layers[:count])


def test_the_last_snapshot_of_a_run_that_stopped_early_stands_at_its_end(store, trained):
    run_id = trained(**OVERFITS, early_stopping=5, record_every=1)
    state, kept = state_of(store, run_id), read_snapshots(store, run_id)
    assert max(kept) == state.step
    assert kept[state.step]["theta"].tobytes() == state.theta.tobytes()


def test_a_continued_run_goes_on_from_the_last_weights_with_new_patience(store, trained):
    parent = trained(**STOPS)
    row, before = get_run(store, parent), state_of(store, parent)
    child = continue_run(store, parent, 30)
    begun, kept = state_of(store, child), read_snapshots(store, child)
    assert begun.theta.tobytes() == before.best["theta"].tobytes() != before.theta.tobytes()
    assert begun.best["theta"].tobytes() == before.theta.tobytes()
    assert kept[row.step]["theta"].tobytes() == begun.theta.tobytes()
    assert finish(store, child) == "finished"
    longer, ended = get_run(store, child), state_of(store, child)
    assert row.step + 5 * 3 <= longer.step
    assert ended.waiting.since >= row.step
    whole = trained(**{**OVERFITS, "epochs": longer.total_steps // 3})
    series, plain = read_series(store, child), read_series(store, whole)
    last = series["batch_loss"][-1]
    assert plain["batch_loss"][plain["step"] == longer.step] == last
    assert get_run(store, parent) == row


def test_a_run_with_the_best_restored_is_continued_as_the_longer_run(store, trained):
    settings = {**OVERFITS, "restore_best": True}
    whole, half = trained(**settings), trained(**{**settings, "epochs": 30})
    assert "kept" in get_run(store, half).message
    child = continue_run(store, half, 30)
    assert finish(store, child) == "finished"
    expected, found = state_of(store, whole), state_of(store, child)
    assert found.restored and expected.restored
    last = [each.best["theta"].tobytes() for each in (expected, found)]
    assert last[0] == last[1]


def test_a_repeated_run_stops_at_the_same_step_with_the_same_bits(store, trained):
    first = trained(**STOPS, schedule="plateau", plateau_patience=2)
    second = repeat_run(store, first)
    assert finish(store, second) == "finished"
    assert get_run(store, second).message == get_run(store, first).message != ""
    one, other = (state_of(store, run_id) for run_id in (first, second))
    assert one.theta.tobytes() == other.theta.tobytes()
    assert one.plateau == other.plateau and one.plateau.factor < 1


class KilledError(BaseException):
    """Stands for a death that no code of ours may handle."""


def test_a_run_killed_at_its_last_record_or_interrupted_anywhere_ends_with_the_same_bits(store, submitted):
    settings = {**STOPS, "schedule": "plateau", "plateau_patience": 1, "normalization": "batch"}
    whole, broken, killed = (submitted(**settings) for _ in range(3))
    assert finish(store, whole) == "finished"
    end = get_run(store, whole).step

    def die_at_the_end(record):
        if record.step == end:
            raise KilledError

    lease = claim(store, new_owner(), killed)
    assert lease is not None
    with pytest.raises(KilledError):
        train_claimed(store, lease, die_at_the_end)
    lease = claim(store, new_owner(), killed, frozen=frozenset({killed}))
    assert lease is not None and train_claimed(store, lease) == "finished"
    while get_run(store, broken).status != "finished":
        lease, looks = claim(store, new_owner(), broken), iter(range(100))
        assert lease is not None
        try:
            train_claimed(store, lease, is_interrupted=lambda looks=looks: next(looks) > 2)
        except KeyboardInterrupt:
            reopen(store, broken)
    expected, row = state_of(store, whole), get_run(store, whole)
    for run_id in (broken, killed):
        found = state_of(store, run_id)
        found.seconds = expected.seconds
        assert found.to_bytes() == expected.to_bytes()
        assert get_run(store, run_id).message == row.message
        assert read_snapshots(store, run_id).keys() == read_snapshots(store, whole).keys()


def test_a_bundle_carries_the_best_weights_and_refuses_foreign_ones(store, trained, tmp_path):
    run_id = trained(**STOPS)
    bundle = exported(store, [run_id], "bundle")
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    (number,) = import_file(other, bundle)
    before, after = state_of(store, run_id), state_of(other, number)
    assert after.to_bytes() == before.to_bytes() and after.restored
    assert get_run(other, number).message == get_run(store, run_id).message


@pytest.mark.parametrize("part", ["best", "plateau", "waiting", "stopped_early"])
def test_a_state_with_a_foreign_memory_is_refused(store, trained, part):
    run_id = trained(**STOPS)
    state, fresh = state_of(store, run_id), initial_state(*load_run(store, run_id))
    check_state(state, fresh)
    foreign = {
        "best": {"theta": state.best["theta"][:-1], "statistics": state.best["statistics"]},
        "plateau": replace(state.plateau, factor="much"),  # pyrefly: ignore[bad-argument-type] - foreign
        "waiting": replace(state.waiting, since=[1]),  # pyrefly: ignore[bad-argument-type] - foreign
        "stopped_early": "no",
    }
    setattr(state, part, foreign[part])
    with pytest.raises(BadFile, match="does not fit its network"):
        check_state(state, fresh)


def test_the_progress_bar_is_full_when_runs_end_early_and_goes_on_where_the_next_begins(store, trained):
    rows = [get_run(store, trained(**STOPS, seed=seed)) for seed in (0, 1)]
    bar = TrainingBar(sum(row.total_steps for row in rows))
    (task,) = bar.progress.tasks
    bar.begin("first")
    bar.end(rows[0])
    assert (task.completed, task.total) == (rows[0].step, rows[0].step + rows[1].total_steps)
    bar.end(rows[1])
    assert task.completed == task.total == rows[0].step + rows[1].step


def test_the_command_line_prints_why_a_run_ended(store, submitted, capsys):
    run_id = submitted(**STOPS)
    follow(store, run_id, as_json=False)
    printed = capsys.readouterr()
    assert "stopped early at step" in printed.out and printed.err == ""


def test_a_run_begun_by_an_earlier_version_goes_on_with_the_evaluations_that_it_had(
    store, trained, submitted
):
    whole = read_series(store, trained(**STOPS, evaluation="spread"))
    run_id = submitted(**STOPS)
    values = json.loads(get_run(store, run_id).config_json)
    del values["evaluation"]
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(config=json.dumps(values)))
    config, dataset = load_run(store, run_id)
    state = initial_state(config, dataset)
    stream = train(config, dataset, state)
    while state.step < whole["step"][-1] // 2:
        next(stream)
    with store.writing() as connection:
        write_checkpoint(connection, run_id, State.from_bytes(state.to_bytes()))
    assert finish(store, run_id) == "finished"
    row, rest = get_run(store, run_id), read_series(store, run_id)
    assert (row.step, row.config["evaluation"]) == (whole["step"][-1], "spread")
    late = np.isin(whole["step"], rest["step"])
    assert 0 < late.sum() < len(late)
    for name in ("val_loss", "train_loss", "batch_loss"):
        np.testing.assert_array_equal(rest[name], whole[name][late])
