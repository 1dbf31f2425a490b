"""Runs trained side by side end, one by one, with the bits of the same runs trained alone."""

import numpy as np
import pytest

from engine.training.model import initial_state
from engine.training.stack import train_stack
from engine.training.state import State
from engine.training.telemetry import SCALAR_INDEX
from engine.training.trainer import train
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
    seeds = [config.model_copy(update={"seed": seed}) for seed in SEEDS]
    return config, dataset, [initial_state(each, dataset) for each in seeds]


def train_together(config, dataset, states):
    """Train a stack to its end; return the records of each state, by its place among them."""
    records, present = [[] for _ in states], list(states)
    stream = train_stack(config, dataset, present)
    for given in stream:
        for state, record in zip(present, given, strict=True):
            if record is not None:
                records[[each is state for each in states].index(True)].append(record)
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
    {"optimizer": "adamw", "dataset": "spiral3", "label_smoothing": 0.1, "class_weights": "balanced"},
    {"optimizer": "sgd", "dataset": "wine", "samples": None, "class_weights": "balanced", "batch_size": 7},
    {"optimizer": "sgd", "dataset": "linnerud", "samples": 20, "loss": "huber", "batch_size": 3},
    {"optimizer": "sgd", "dataset": "sine", "loss": "mae", "batch_size": 1, "epochs": 1},
    {"optimizer": "adam", "dtype": "float64", "hidden_sizes": [], "record_every": 3},
    {"optimizer": "adam", "hidden_sizes": [40, 40], "batch_size": "full", "samples": 900},
]


@pytest.mark.parametrize("case", STACKED, ids=settings_of)
def test_each_run_of_a_stack_equals_the_run_trained_alone_bit_for_bit(case):
    expected = alone(**case)
    config, dataset, states = stacked_states(**case)
    records = train_together(config, dataset, states)
    for (own_records, own_state), state, found in zip(expected, states, records, strict=True):
        assert [without_seconds(each) for each in found] == [without_seconds(each) for each in own_records]
        assert facts(state) == facts(own_state)
