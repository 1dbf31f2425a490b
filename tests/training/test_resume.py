"""A run that is stored and read back at every step ends with the bits of an unbroken one."""

import pytest

from engine.codec import pack, unpack
from engine.config.settings import SETTINGS
from engine.training.plan import plan
from engine.training.state import State
from engine.training.trainer import train
from tests.training.short_runs import records_of, start, without_seconds

RESUMED = [
    {"optimizer": "momentum", "dataset": "plane", "samples": 2800, "batch_size": "full"},
    {"optimizer": "adam", "dataset": "linnerud", "samples": 20, "batch_size": 4},
    {"optimizer": "sgd", "dataset": "plane", "features": ["x1", "x1_times_x2"], "standardize_target": "on"},
    {"optimizer": "adam", "dropout": 0.3},
    {"optimizer": "momentum", "clip_norm": 0.5, "weight_decay": 0.01},
    {"optimizer": "sgd", "clip_value": 0.1, "batch_size": "full", "dataset": "sine"},
    {"optimizer": "nesterov", "schedule": "step", "schedule_every": 1, "normalization": "layer"},
    {"optimizer": "rmsprop", "schedule": "cosine", "initializer": "orthogonal", "activation": "gelu"},
    {"optimizer": "sgd", "hidden_sizes": [4, 4, 5, 5], "dropout": [0.2, 0, 0.5, 0.3], "residual": True},
    {"optimizer": "adam", "hidden_sizes": [5, 4, 3], "activation": ["relu", "tanh", "gelu"], "dropout": 0.1},
    {"optimizer": "momentum", "dampening": 0.3, "l1": 0.01, "clip_layer_norm": 0.2},
    {"optimizer": "rmsprop", "centered": True, "momentum": 0.5, "weight_decay": 0.01},
    {"optimizer": "adam", "amsgrad": True, "beta2": 0.5},
    {"optimizer": "adagrad", "lr_decay": 0.1, "initial_accumulator_value": 0.1},
    {"optimizer": "adadelta", "learning_rate": 1.0},
    {"optimizer": "adamax", "clip_value": 0.1, "clip_layer_norm": 0.1, "clip_norm": 0.1},
    {"optimizer": "nadam", "schedule": "step", "schedule_every": 1},
    {"optimizer": "radam", "beta2": 0.8},
    {"optimizer": "rprop", "batch_size": "full", "epochs": 12},
    {"optimizer": "lion", "weight_decay": 0.1, "decay_biases": False, "normalization": "layer"},
    {
        "optimizer": "adamw",
        "weight_decay": 0.1,
        "decay_normalization": False,
        "schedule": "cosine",
        "warmup_epochs": 1,
        "normalization": "batch",
        "dropout": 0.2,
    },
    {
        "optimizer": "sgd",
        "learning_rate": 3.0,
        "schedule": "plateau",
        "plateau_patience": 0,
        "plateau_cooldown": 1,
        "warmup_epochs": 1,
        "restore_best": True,
        "normalization": "batch",
        "epochs": 8,
    },
    {
        "optimizer": "momentum",
        "learning_rate": 3.0,
        "schedule": "one_cycle",
        "early_stopping": 2,
        "early_stopping_min_delta": 0.01,
        "restore_best": True,
        "epochs": 12,
    },
    {"optimizer": "sgd", "batch_size": 13, "last_batch": "drop"},
    {"optimizer": "momentum", "batch_size": 13, "last_batch": "spread", "normalization": "batch"},
    {"optimizer": "rmsprop", "schedule": "warm_restarts", "cycle_epochs": 1},
    {"optimizer": "adamw", "schedule": "cyclic_exp_range", "cycle_epochs": 2},
]
NAMED = {each["optimizer"] for each in RESUMED}
RESUMED += [{"optimizer": name} for name in SETTINGS["optimizer"].choices if name not in NAMED]


@pytest.mark.parametrize("settings", RESUMED, ids=lambda settings: "-".join(map(str, settings.values())))
def test_a_run_resumed_from_bytes_at_every_step_ends_with_the_same_bits(settings):
    whole = start(**settings)
    expected = {record.step: without_seconds(record) for record in records_of(*whole)}
    config, dataset, state = start(**settings)
    seen = {}
    while state.step < plan(config, dataset).total_steps and not state.has_ended:
        record = next(train(config, dataset, state))
        if record is not None:
            seen[record.step] = without_seconds(record)
        state = State.from_bytes(state.to_bytes())
    assert seen == expected
    assert state.theta.tobytes() == whole[2].theta.tobytes()
    assert state.statistics.tobytes() == whole[2].statistics.tobytes()
    assert state.to_bytes() == State.from_bytes(state.to_bytes()).to_bytes()


def test_a_state_stored_before_there_was_batch_norm_is_read_and_goes_on():
    whole = start()
    records_of(*whole)
    config, dataset, state = start()
    next(train(config, dataset, state))
    arrays, meta = unpack(state.to_bytes())
    del arrays["statistics"]
    for name in ("waiting", "plateau", "stopped_early", "restored"):
        del meta[name]
    state = State.from_bytes(pack(arrays, meta))
    records_of(config, dataset, state)
    assert state.theta.tobytes() == whole[2].theta.tobytes()
