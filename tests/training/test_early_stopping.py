"""A run ends when patience does, with the weights that it should, and the what-if tool says the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.overfitting import stop_early
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.early_stopping import Patience, describe_ending, go_on, patience_of
from engine.training.evaluation import evaluate, fixed_rows
from engine.training.model import initial_state, trained_network
from engine.training.plan import plan
from engine.training.state import State, Waiting
from engine.training.trainer import final_summary, train

OVERFITS = {
    "samples": 60,
    "noise": 0.5,
    "hidden_sizes": [24],
    "activation": "relu",
    "epochs": 60,
    "batch_size": 16,
    "learning_rate": 0.05,
}


def start(**settings):
    config = parse_config({**OVERFITS, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


def trained(**settings):
    run = start(**settings)
    return run, [record for record in train(*run) if record is not None]


def evaluated(records):
    known = [record for record in records if np.isfinite(record["val_loss"])]
    return np.array([record.step for record in known]), np.array([record["val_loss"] for record in known])


def weights_at(step, **settings):
    """Return the weights of a run as they were trained after ``step`` updates."""
    config, dataset, state = start(**settings)
    for _ in train(config, dataset, state):
        if state.step >= step:
            break
    assert state.step == step
    return state.theta.copy()


@pytest.mark.parametrize("patience", [1, 3, 10])
@pytest.mark.parametrize("min_delta", [0.0, 0.05])
@pytest.mark.parametrize("restores", [False, True])
def test_a_run_stops_where_the_what_if_tool_says_that_the_whole_run_would_have(patience, min_delta, restores):
    (config, dataset, whole), records = trained(evaluation="epoch")
    per_epoch = plan(config, dataset).steps_per_epoch
    steps, losses = evaluated(records)
    expected = stop_early(losses, steps, Patience(patience * per_epoch, min_delta))
    assert expected.stopped is not None
    (_, _, state), stopped = trained(
        early_stopping=patience, early_stopping_min_delta=min_delta, restore_best=restores
    )
    assert state.stopped_early and not whole.stopped_early
    assert state.step == stopped[-1].step == steps[expected.stopped]
    assert state.best_step == steps[expected.kept]
    ends_with = state.best_step if restores else state.step
    assert state.theta.tobytes() == weights_at(ends_with).tobytes()
    assert state.restored == (restores and state.best_step != state.step)


@pytest.mark.parametrize(
    "settings",
    [
        {"early_stopping": 3},
        {"early_stopping": 2, "samples": 12_000, "batch_size": 2, "hidden_sizes": [2], "noise": 0.1},
    ],
    ids=["a few steps an epoch", "evaluated within epochs, too"],
)
def test_a_run_stops_at_the_same_epoch_with_the_same_weights_whatever_length_was_planned(settings):
    ends = {}
    for epochs in (50, 200, 1000):
        (config, dataset, state), _ = trained(**settings, restore_best=True, epochs=epochs)
        assert state.stopped_early and state.step < plan(config, dataset).total_steps
        ends[state.step, state.best_step, state.theta.tobytes()] = epochs
    assert len(ends) == 1


def test_plateau_steps_down_at_the_same_epochs_whatever_length_was_planned():
    rates = []
    for epochs in (20, 700):
        config, dataset, state = start(schedule="plateau", plateau_patience=1, epochs=epochs, record_every=1)
        steps = (record for record in train(config, dataset, state) if record is not None)
        rates.append([next(steps)["learning_rate"] for _ in range(60)][1:])
    assert rates[0] == rates[1] and len(set(rates[0])) > 2


def test_a_longer_plan_only_adds_evaluations_and_a_million_epochs_stay_within_bounds():
    few, many, most = (
        plan(*start(early_stopping=5, epochs=epochs)[:2]) for epochs in (50, 15_000, 1_000_000)
    )
    per_epoch = few.steps_per_epoch
    assert few.evaluation_steps == frozenset(range(0, few.total_steps + 1, per_epoch))
    assert few.evaluation_steps < many.evaluation_steps < most.evaluation_steps
    beyond = [step // per_epoch for step in sorted(many.evaluation_steps) if step > 9_998 * per_epoch]
    assert beyond == [9_999, *range(10_000, 15_001, 2)]
    assert len(most.evaluation_steps) < 52_000 and most.total_steps in most.evaluation_steps
    assert len(most.record_steps) <= len(most.evaluation_steps) + 2001


def test_the_best_weights_are_restored_at_the_end_of_a_run_that_nothing_stops():
    (config, dataset, state), records = trained(restore_best=True, normalization="batch")
    (_, _, plain), same = trained(normalization="batch")
    steps, losses = evaluated(records)
    assert [record["val_loss"] for record in records] == pytest.approx(
        [record["val_loss"] for record in same], nan_ok=True
    )
    assert state.step == plan(config, dataset).total_steps and state.restored
    assert state.best_step == steps[losses.argmin()] < state.step
    network = trained_network(config, dataset, state.learned)
    assert evaluate(network, fixed_rows(config, dataset)[1])[0] == losses.min() == state.best_val_loss
    assert final_summary(config, dataset, state)["val_loss"] == pytest.approx(losses.min(), rel=1e-6)
    assert state.best["theta"].tobytes() == plain.theta.tobytes()
    assert state.best["statistics"].tobytes() == plain.statistics.tobytes()


def test_nothing_is_restored_where_the_last_weights_are_the_best():
    (config, dataset, state), records = trained(restore_best=True, epochs=2, noise=0.05, learning_rate=0.001)
    steps, losses = evaluated(records)
    assert losses.argmin() == len(steps) - 1
    assert not state.restored
    assert state.theta.tobytes() == state.best["theta"].tobytes()
    assert describe_ending(config, plan(config, dataset), state) == ""


def test_a_diverged_run_keeps_the_weights_that_show_it():
    (_, _, state), _ = trained(
        restore_best=True, optimizer="sgd", learning_rate=1e6, loss="mse", early_stopping=50
    )
    assert state.diverged and not state.restored
    assert np.isfinite(state.best["theta"]).all()


def test_no_best_is_remembered_unless_it_is_asked_for():
    assert start()[2].best == {}
    config, dataset, state = start(restore_best=True)
    assert state.best.keys() == {"theta", "statistics"}
    assert b"best.theta" in state.to_bytes()
    more = plan(config, dataset).bytes_needed - plan(*start()[:2]).bytes_needed
    assert more == 2 * 4 * plan(config, dataset).parameters


def test_a_restored_state_survives_its_bytes_and_goes_on_with_its_last_weights():
    settings = {"early_stopping": 2, "restore_best": True}
    (_, _, state), _ = trained(**settings)
    state = State.from_bytes(state.to_bytes())
    assert state.restored and state.stopped_early
    best = state.theta.copy()
    go_on(state)
    assert (state.restored, state.stopped_early, state.waiting.since) == (False, False, state.step)
    assert state.theta.tobytes() == weights_at(state.step).tobytes()
    assert state.best["theta"].tobytes() == best.tobytes()


def test_going_on_leaves_a_wait_alone_that_was_not_over():
    state = start(early_stopping=5)[2]
    state.step, state.waiting = 30, Waiting(0.5, 20)
    go_on(state)
    assert state.waiting == Waiting(0.5, 20)


def test_patience_counts_updates_from_the_last_loss_that_was_low_enough():
    patience, waiting = Patience(10, 0.1), Waiting()
    for done, loss in ((0, 1.0), (4, 0.91), (8, 0.89), (17, 0.8)):
        waiting = patience.after(waiting, done, loss)
    assert waiting == Waiting(0.89, 8)
    assert not patience.is_over(waiting, 17) and patience.is_over(waiting, 18)
    assert Patience(10).after(Waiting(0.5, 3), 5, 0.5) == Waiting(0.5, 3)
    assert Patience(10).after(Waiting(0.5, 3), 5, float("nan")) == Waiting(0.5, 3)


def test_patience_of_a_run_is_its_epochs_in_updates_and_endless_where_none_is_set():
    config, dataset, _ = start(early_stopping=7, early_stopping_min_delta=0.25)
    planned = plan(config, dataset)
    assert patience_of(config, planned) == Patience(7 * planned.steps_per_epoch, 0.25)
    config, dataset, _ = start()
    assert not patience_of(config, plan(config, dataset)).is_over(Waiting(), 10**12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 30), st.floats(0, 0.3), st.data())
def test_the_stop_is_the_first_evaluation_that_lies_patience_after_the_last_low_enough_one(
    losses, patience, min_delta, data
):
    gaps = data.draw(st.lists(st.integers(1, 9), min_size=len(losses), max_size=len(losses)))
    steps = np.cumsum(gaps) - gaps[0]
    found = stop_early(np.array(losses), steps, Patience(patience, min_delta))
    reference, since, stopped = np.inf, 0, None
    for place, loss in enumerate(losses):
        if loss < reference - min_delta:
            reference, since = loss, steps[place]
        if stopped is None and steps[place] - since >= patience:
            stopped = place
    assert found.stopped == stopped
    seen = losses if stopped is None else losses[: stopped + 1]
    assert losses[found.kept] == min(seen) and found.kept == seen.index(min(seen))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"early_stopping": 1, "restore_best": True},
            "stopped early at step 90 (epoch 30): no lower validation loss for 1 epoch; "
            "weights of step 60 kept",
        ),
        (
            {"early_stopping": 4},
            "stopped early at step 90 (epoch 30): no lower validation loss for 4 epochs; "
            "the lowest was at step 60",
        ),
        (
            {"early_stopping": 4, "early_stopping_min_delta": 0.01},
            "stopped early at step 90 (epoch 30): no validation loss lower by more than 0.01 for 4 epochs; "
            "the lowest was at step 60",
        ),
    ],
)
def test_a_run_that_stopped_early_says_when_why_and_with_what(settings, words):
    config, dataset, state = start(**settings)
    planned = plan(config, dataset)
    state.step, state.stopped_early, state.best_step, state.best_val_loss = 90, True, 60, 0.5
    state.restored = config.restore_best
    assert planned.steps_per_epoch == 3
    assert describe_ending(config, planned, state) == words
    state.step = planned.total_steps
    assert describe_ending(config, planned, state) == ("weights of step 60 kept" if state.restored else "")
