"""Stacked runs that differ in what a tape takes as numbers have the bits of the runs alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.training.model import initial_state
from engine.training.plan import plan
from engine.training.stack import train_stack
from engine.training.state import State
from engine.training.trainer import Training
from tests.training.short_runs import SHORT, records_of, start, without_seconds
from tests.training.test_stack import facts, train_together


def runs_of(base, own):
    """Return configurations and the states at their beginnings, one for each dictionary of own settings."""
    _, dataset, _ = start(**base)
    configs = [resolve(parse_config({**SHORT, **base, **each}), dataset.facts) for each in own]
    return configs, dataset, [initial_state(config, dataset) for config in configs]


def alone(base, own):
    configs, dataset, states = runs_of(base, own)
    return [
        (records_of(config, dataset, state), state) for config, state in zip(configs, states, strict=True)
    ]


def assert_equal_to_those_alone(base, own):
    expected = alone(base, own)
    configs, dataset, states = runs_of(base, own)
    records = train_together(configs, dataset, states)
    for (own_records, own_state), state, found in zip(expected, states, records, strict=True):
        assert [without_seconds(each) for each in found] == [without_seconds(each) for each in own_records]
        assert facts(state) == facts(own_state)
    return states


def lists(name, *values):
    return [{name: value} for value in values]


ALL = [
    {"seed": 3, "learning_rate": 0.1, "weight_decay": 0.3, "clip_value": 0.02, "dropout": 0.5},
    {"seed": 4, "learning_rate": 0.003, "weight_decay": 0.01, "clip_layer_norm": 0.3, "dropout": [0.1, 0.7]},
    {"seed": 3, "learning_rate": 0.03, "weight_decay": 0.1, "clip_norm": 0.05, "dropout": 0.1},
    {"learning_rate": 0.7},
    {"clip_norm": 2.0, "clip_value": 1.0},
]
FULL = {
    "hidden_sizes": [6, 4],
    "weight_decay": 0.2,
    "clip_value": 0.1,
    "clip_layer_norm": 0.1,
    "clip_norm": 0.1,
    "dropout": 0.3,
}
PLATEAU = {"schedule": "plateau", "plateau_patience": 0, "epochs": 8, "learning_rate": 3.0}
CASES = {
    "learning rate": ({"optimizer": "sgd"}, lists("learning_rate", 0.1, 0.01, 3e-4, 0.7)),
    "learning rate, rprop": (
        {"optimizer": "rprop", "batch_size": "full", "epochs": 12},
        lists("learning_rate", 0.1, 0.01, 0.001),
    ),
    "learning rate, adam in float64": ({"dtype": "float64"}, lists("learning_rate", 0.1, 0.01, 0.001)),
    "learning rate down to a floor": (
        {"schedule": "cosine", "warmup_epochs": 1, "min_learning_rate": 0.005},
        lists("learning_rate", 0.1, 0.01, 0.3),
    ),
    "learning rate down to a floor again and again": (
        {"schedule": "warm_restarts", "cycle_epochs": 1, "min_learning_rate": 0.005},
        lists("learning_rate", 0.1, 0.01, 0.3),
    ),
    "learning rate, plateau with a floor": (
        {**PLATEAU, "min_learning_rate": 0.01},
        lists("learning_rate", 3.0, 1.0, 0.02),
    ),
    "coupled decay": ({}, lists("weight_decay", 0.1, 0.3, 1e-4)),
    "decoupled decay with a mask": (
        {"optimizer": "adamw", "decay_biases": False, "l1": 0.01, "normalization": "batch"},
        lists("weight_decay", 0.1, 0.3, 1e-4),
    ),
    "decay in float64": (
        {"dtype": "float64", "optimizer": "lion", "decay_biases": False, "weight_decay": 0.2},
        lists("weight_decay", 0.1, 0.3, 1e-4),
    ),
    "clip by value": ({"optimizer": "sgd"}, lists("clip_value", 0.01, 0.1, 0.003)),
    "clip by layer": ({"optimizer": "sgd"}, lists("clip_layer_norm", 0.01, 0.1, 5.0)),
    "clip by norm": ({"optimizer": "momentum"}, lists("clip_norm", 0.01, 0.1, 5.0)),
    "dropout": ({"hidden_sizes": [5, 5]}, lists("dropout", 0.1, 0.5, [0.9, 0.2])),
    "dropout of one layer": (
        {"hidden_sizes": [5, 5], "dtype": "float64"},
        lists("dropout", [0.0, 0.5], [0.0, 0.1], [0.0, 0.9]),
    ),
    "all": (FULL, ALL),
    "all, adamw with batch norm and residual": (
        {
            **FULL,
            "optimizer": "adamw",
            "hidden_sizes": [5, 5],
            "normalization": "batch",
            "residual": True,
            "restore_best": True,
            "schedule": "cosine",
        },
        ALL,
    ),
}


@pytest.mark.parametrize(("base", "own"), CASES.values(), ids=CASES.keys())
def test_runs_with_values_of_their_own_equal_the_runs_alone_bit_for_bit(base, own):
    states = assert_equal_to_those_alone(base, own)
    assert len({state.theta.tobytes() for state in states}) == len(states), "the values must matter"


@settings(max_examples=25, deadline=None)
@given(
    own=st.lists(
        st.fixed_dictionaries(
            {
                "seed": st.integers(0, 3),
                "learning_rate": st.floats(1e-4, 1.0),
                "weight_decay": st.floats(1e-5, 1.0),
                "clip_value": st.floats(1e-4, 1.0),
                "clip_layer_norm": st.floats(1e-3, 10.0),
                "clip_norm": st.floats(1e-3, 10.0),
                "dropout": st.lists(st.floats(0.01, 0.95), min_size=2, max_size=2),
            }
        ),
        min_size=2,
        max_size=5,
    ),
    optimizer=st.sampled_from(["sgd", "nesterov", "adam", "adamw", "rmsprop", "lion"]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_any_mixture_of_values_and_seeds_equals_the_runs_alone(own, optimizer, dtype):
    base = {"hidden_sizes": [6, 4], "optimizer": optimizer, "dtype": dtype, "epochs": 2, "record_every": 3}
    assert_equal_to_those_alone(base, own)


def test_a_run_whose_rate_is_too_large_diverges_and_the_others_go_on_unmoved():
    base = {"activation": "relu", "optimizer": "sgd", "loss": "mse", "epochs": 12, "weight_decay": 0.01}
    own = lists("learning_rate", 0.01, 1e5, 0.05, 0.1)
    states = assert_equal_to_those_alone(base, own)
    assert [state.diverged for state in states] == [False, True, False, False]
    assert states[1].step < states[0].step == states[2].step


@pytest.mark.parametrize(("base", "own"), [CASES["all"], CASES["learning rate, plateau with a floor"]])
def test_runs_with_values_of_their_own_resumed_from_bytes_at_every_yield_have_the_same_bits(base, own):
    expected = alone(base, own)
    configs, dataset, states = runs_of(base, own)
    total = plan(configs[0], dataset).total_steps
    while any(state.step < total for state in states):
        next(train_stack(configs, dataset, list(states)))
        states = [State.from_bytes(state.to_bytes()) for state in states]
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


def test_a_run_that_the_caller_takes_out_goes_on_alone_with_its_own_values():
    base, own = CASES["all"]
    expected = alone(base, own)
    configs, dataset, states = runs_of(base, own)
    present = list(states)
    for number, _ in enumerate(train_stack(configs, dataset, present)):
        if number == 4:
            present.remove(states[1])
    assert states[1].step < states[0].step
    records_of(configs[1], dataset, states[1])
    assert [facts(state) for state in states] == [facts(own_state) for _, own_state in expected]


def test_values_of_their_own_cost_no_call_more():
    base, own = CASES["all"]
    own = [{**each, "dropout": 0.1 * number} for number, each in enumerate(own, start=1)]
    own_values, shared = (
        Training(*runs_of(base, settings)) for settings in (own, [{"seed": seed} for seed in range(len(own))])
    )
    batch = shared.plan.batch_size
    assert len(own_values.optimizer.update) == len(shared.optimizer.update)
    assert len(own_values.network.recording(batch).tape) == len(shared.network.recording(batch).tape)
    assert isinstance(own_values.own.weight_decay, np.ndarray) and not isinstance(
        shared.own.weight_decay, np.ndarray
    )
