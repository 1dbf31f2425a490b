"""Stacked runs end, one by one, with the bits of the same runs trained alone."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nn.tape import Tape
from engine.training.model import initial_state
from engine.training.plan import plan
from engine.training.stack import most_together, train_stack
from engine.training.state import State
from engine.training.trainer import Training, train
from tests.nn.test_tape import NUMPYS_OWN_ITERATORS
from tests.training.short_runs import records_of, start, without_seconds
from tests.training.test_resume import RESUMED

SEEDS = (0, 1, 2, 3, 4)


def settings_of(case):
    return "-".join(map(str, case.values()))


def alone(**settings):
    """Return the records and the state of each seed trained alone."""
    found = []
    for seed in SEEDS:
        run = start(**settings, seed=seed)
        found.append((records_of(*run), run[2]))
    return found


def stacked_states(**settings):
    config, dataset, _ = start(**settings)
    configs = [config.model_copy(update={"seed": seed}) for seed in SEEDS]
    return configs, dataset, [initial_state(each, dataset) for each in configs]


def train_together(configs, dataset, states):
    """Train a stack to its end; return the records of each state, by its place among them."""
    records, present = [[] for _ in states], list(states)
    stream = train_stack(configs, dataset, present)
    for record in stream:
        if record is not None:
            for number, state in enumerate(present):
                records[[each is state for each in states].index(True)].append(record.row(number))
    return records


def facts(state):
    """Return all that a state is, but for the time that it took."""
    kept, state.seconds = state.seconds, 0.0
    blob, state.seconds = state.to_bytes(), kept
    return blob


STACKED = [
    *RESUMED,
    {"optimizer": "adam", "loss": "mse", "activation": "relu", "hidden_sizes": [7, 3]},
    {"optimizer": "adam", "dataset": "digits", "samples": None, "epochs": 1, "normalization": "batch"},
    {"optimizer": "sgd", "batch_size": 13, "last_batch": "drop"},
    {"optimizer": "adam", "batch_size": 13, "last_batch": "keep", "normalization": "batch"},
    {"optimizer": "adamw", "dataset": "spiral3", "label_smoothing": 0.1, "class_weights": "balanced"},
    {"optimizer": "sgd", "dataset": "wine", "samples": None, "class_weights": "balanced", "batch_size": 7},
    {"optimizer": "sgd", "dataset": "linnerud", "samples": 20, "loss": "huber", "batch_size": 3},
    {"optimizer": "sgd", "dataset": "sine", "loss": "mae", "batch_size": 1, "epochs": 1},
    {"optimizer": "adam", "dtype": "float64", "hidden_sizes": [], "record_every": 3},
    {"optimizer": "adam", "hidden_sizes": [40, 40], "batch_size": "full", "samples": 900},
    *({"hidden_sizes": [], "batch_size": rows, "optimizer": "sgd"} for rows in range(6, 13)),
]


@pytest.mark.parametrize("case", STACKED, ids=settings_of)
def test_each_run_of_a_stack_equals_the_run_trained_alone_bit_for_bit(case):
    expected = alone(**case)
    configs, dataset, states = stacked_states(**case)
    records = train_together(configs, dataset, states)
    for (own_records, own_state), state, found in zip(expected, states, records, strict=True):
        assert [without_seconds(each) for each in found] == [without_seconds(each) for each in own_records]
        assert facts(state) == facts(own_state)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 20), max_size=3),
    batch=st.integers(1, 40),
    dtype=st.sampled_from(["float32", "float64"]),
    activation=st.sampled_from(["relu", "tanh"]),
    dataset=st.sampled_from(["moons", "spiral3", "sine", "linnerud"]),
)
def test_networks_and_batches_of_any_shape_have_the_bits_of_the_runs_alone(
    sizes, batch, dtype, activation, dataset
):
    case = {"hidden_sizes": sizes, "batch_size": batch, "dtype": dtype, "activation": activation}
    case |= {"dataset": dataset, "samples": 20 if dataset == "linnerud" else 60, "epochs": 1}
    case["batch_size"] = min(batch, 12) if dataset == "linnerud" else batch
    expected = alone(**case)
    configs, dataset, states = stacked_states(**case)
    train_together(configs, dataset, states)
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


ENDS = {
    "patience": {"early_stopping": 2, "restore_best": True, "learning_rate": 1.0, "epochs": 30},
    "divergence": {
        "activation": "relu",
        "optimizer": "sgd",
        "learning_rate": 1.1,
        "loss": "mse",
        "epochs": 12,
    },
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS.keys())
def test_runs_that_end_early_leave_the_stack_and_the_others_go_on_unmoved(case):
    expected = alone(**case)
    configs, dataset, states = stacked_states(**case)
    train_together(configs, dataset, states)
    assert len({state.step for state in states}) > 2
    assert {state.has_ended for state in states} == {True, "early_stopping" in case}
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


@pytest.mark.parametrize("case", [*RESUMED, *ENDS.values()], ids=settings_of)
def test_a_stack_resumed_from_bytes_at_every_yield_ends_with_the_same_bits(case):
    expected = alone(**case)
    configs, dataset, states = stacked_states(**case)
    going, total = list(range(len(states))), plan(configs[0], dataset).total_steps
    while going:
        present = [states[number] for number in going]
        next(train_stack([configs[number] for number in going], dataset, present))
        for number in going:
            states[number] = State.from_bytes(states[number].to_bytes())
        going = [number for number in going if not states[number].has_ended and states[number].step < total]
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


def test_a_run_that_the_caller_takes_out_stands_still_and_can_go_on_alone():
    case = {"optimizer": "adam", "dropout": 0.3, "normalization": "batch"}
    expected = alone(**case)
    configs, dataset, states = stacked_states(**case)
    present, left_at = list(states), 0
    for number, _ in enumerate(train_stack(configs, dataset, present)):
        if number == 4:
            present.remove(states[2])
            left_at = states[2].step
    assert states[2].step == left_at < states[0].step
    records_of(configs[2], dataset, states[2])
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


def test_a_state_that_has_its_first_record_is_not_evaluated_again_in_a_stack():
    configs, dataset, states = stacked_states()
    first = next(train(configs[1], dataset, states[1]))
    record = next(train_stack(configs, dataset, list(states)))
    assert first is not None and record is not None and record.step == 0
    has_loss = [record.row(number)["train_loss"] == record.row(number)["train_loss"] for number in range(5)]
    assert has_loss == [True, False, True, True, True]


CALLS = {
    "W1": {"hidden_sizes": [8, 8], "batch_size": 10, "optimizer": "sgd", "loss": "mse"},
    "W2": {"hidden_sizes": [16, 16, 16], "activation": "relu", "batch_size": 32, "optimizer": "adam"},
    "all": {
        "hidden_sizes": [5, 5],
        "normalization": "batch",
        "residual": True,
        "clip_norm": 1.0,
        "weight_decay": 0.1,
    },
}


@pytest.mark.parametrize("case", CALLS.values(), ids=CALLS.keys())
def test_a_step_of_a_stack_takes_as_many_numpy_calls_as_one_of_a_run_alone(case):
    configs, dataset, states = stacked_states(**case)
    stack = Training(configs, dataset, states)
    single = Training(configs[:1], dataset, [start(**case)[2]])
    batch = stack.plan.batch_size
    for tapes in (
        lambda each: each.network.recording(batch).tape,
        lambda each: each.optimizer.update,
        lambda each: each.optimizer.measured_update,
    ):
        assert len(tapes(stack)) == len(tapes(single)) > 0


def allocated(case):
    """Return the bytes that a step of a stack allocates on top at its peak, the least of several."""
    configs, dataset, states = stacked_states(**WIDE, **case)
    stack = Training(configs, dataset, states)
    peaks = []
    for _ in range(3):
        stack._step(is_recorded=False)
    tracemalloc.start()
    try:
        for _ in range(5):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            stack._step(is_recorded=False)
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return min(peaks)


WIDE = {"hidden_sizes": [64, 64], "batch_size": 64, "samples": 1200, "record_every": 10**6}


@pytest.mark.parametrize(
    "case",
    [
        {"optimizer": "sgd"},
        {"optimizer": "adam", "activation": "relu"},
        {"optimizer": "sgd", "activation": "gelu", "residual": True},
        {"optimizer": "adam", "clip_norm": 1.0, "dropout": 0.1},
    ],
    ids=settings_of,
)
def test_the_hot_loop_of_a_stack_allocates_nothing(case):
    assert allocated(case) < 2 * NUMPYS_OWN_ITERATORS


def test_an_allocation_in_the_hot_loop_of_a_stack_would_be_noticed(monkeypatch):
    def allocates(z, out):
        np.copyto(out, np.arctan(z) + 0)

    monkeypatch.setattr(Tape, "tanh", lambda tape, z, a: tape.call(allocates, z, a))
    assert allocated({"optimizer": "sgd"}) > 20 * NUMPYS_OWN_ITERATORS


def test_small_runs_are_worth_a_stack_and_large_ones_are_not():
    assert most_together(*start(hidden_sizes=[8, 8], batch_size=10)[:2]) == 32
    assert 16 <= most_together(*start(hidden_sizes=[16, 16, 16], batch_size=32)[:2]) <= 32
    digits = start(dataset="digits", samples=None, hidden_sizes=[128, 64], batch_size=32)
    assert most_together(*digits[:2]) == 1


def test_the_states_of_a_stack_live_in_its_vectors():
    configs, dataset, states = stacked_states(normalization="batch", optimizer="momentum")
    stack = Training(configs, dataset, states)
    while stack.states[0].step < 5:
        stack.advance()
    for number, state in enumerate(states):
        assert np.shares_memory(state.theta, stack.network.parameters.theta)
        np.testing.assert_array_equal(state.theta, stack.network.parameters.theta[number])
        np.testing.assert_array_equal(state.statistics, stack.network.statistics[number])
        assert all(np.shares_memory(own, stack.optimizer.slots[name]) for name, own in state.slots.items())
