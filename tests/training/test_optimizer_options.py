"""Options of the optimizer act in a training as they say: clipping by layer, penalties, decay, memory."""

import numpy as np
import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state, weights_by_layer
from engine.training.plan import plan
from engine.training.trainer import train

SHORT = {"samples": 60, "epochs": 3, "hidden_sizes": [5], "batch_size": 16}


def start(**settings):
    config = parse_config({**SHORT, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


def records_of(config, dataset, state):
    return [record for record in train(config, dataset, state) if record is not None]


def test_clipping_by_layer_leaves_no_layer_above_the_limit_and_shows_in_the_norm_after_it():
    records = records_of(*start(hidden_sizes=[5, 4], clip_layer_norm=0.01))[1:]
    assert all(record["grad_norm_clipped"] <= 0.01 * np.sqrt(3) for record in records)
    assert any(record["grad_norm_clipped"] > 0.01 for record in records)
    assert all(record["grad_norm"] > 0.01 for record in records)


@pytest.mark.parametrize("normalization", ["none", "layer"])
@pytest.mark.parametrize(
    "settings",
    [
        {"weight_decay": 0.3},
        {"l1": 0.2},
        {"weight_decay": 0.3, "l1": 0.2, "decay_biases": False, "decay_normalization": False},
    ],
    ids=str,
)
def test_the_penalty_is_of_the_weights_that_decay(settings, normalization):
    config, dataset, state = start(normalization=normalization, **settings)
    last = records_of(config, dataset, state)[-1]
    expected = 0.0
    for name, array in weights_by_layer(config, dataset, state).items():
        if "running" in name or ("dense" not in name and not config.decay_normalization):
            continue
        if name.endswith("bias") and not config.decay_biases:
            continue
        wide = array.astype(np.float64)
        expected += config.l1 * np.abs(wide).sum() + config.weight_decay / 2 * np.square(wide).sum()
    assert last["penalty"] == pytest.approx(expected, rel=1e-6)
    assert last["penalty"] > 0


def test_a_run_without_penalties_has_none_in_its_column():
    assert {record["penalty"] for record in records_of(*start())} == {0.0}


def test_biases_that_do_not_decay_stay_where_the_gradient_leaves_them():
    """A penalty so strong that all else vanishes."""
    run = start(optimizer="sgd", l1=0.5, weight_decay=0.5, decay_biases=False, epochs=60, learning_rate=0.1)
    records_of(*run)
    learned = weights_by_layer(*run)
    assert np.abs(learned["dense1.weight"]).max() < 0.1
    free = start(optimizer="sgd", weight_decay=0.0, epochs=60, learning_rate=0.1)
    records_of(*free)
    assert np.abs(weights_by_layer(*free)["dense1.weight"]).max() > 0.3


@pytest.mark.parametrize(
    ("settings", "slots"),
    [
        ({"optimizer": "sgd"}, 0),
        ({"optimizer": "rmsprop"}, 1),
        ({"optimizer": "rmsprop", "centered": True, "momentum": 0.5}, 3),
        ({"optimizer": "adam"}, 2),
        ({"optimizer": "adam", "amsgrad": True}, 3),
        ({"optimizer": "rprop"}, 2),
        ({"optimizer": "lion"}, 1),
    ],
    ids=str,
)
def test_the_estimate_of_memory_counts_what_the_optimizer_remembers(settings, slots):
    config, dataset, state = start(**settings)
    assert len(state.slots) == slots
    without = plan(resolve(parse_config({**SHORT, "optimizer": "sgd"}), dataset.facts), dataset)
    needed = plan(config, dataset)
    assert needed.bytes_needed - without.bytes_needed == 4 * slots * needed.parameters
