"""Statistics of activations are what float64 says, of ordinary, huge, tiny, constant and broken outputs."""

import numpy as np
import pytest

from engine.training.evaluation import activation_statistics, evaluate, fixed_rows, mean_and_spread
from engine.training.model import build_network, take_over
from engine.training.telemetry import LAYER_INDEX, LAYER_STATISTICS
from tests.training.short_runs import start

NORMAL = np.random.default_rng(3).normal(size=(7, 900))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [1.0, 1e-25, 1e-15, 1e14, 1e30])
@pytest.mark.parametrize("shift", [0.0, 1.0, 300.0])
def test_mean_and_spread_are_those_of_float64(dtype, factor, shift):
    values = (factor * (NORMAL + shift)).astype(dtype)
    mean, spread = mean_and_spread(values)
    wide = values.astype(np.float64)
    assert mean == pytest.approx(wide.mean(), rel=1e-5, abs=1e-6 * wide.std())
    assert spread == pytest.approx(wide.std(), rel=1e-4)


def test_outputs_that_never_vary_have_no_spread_and_broken_ones_no_number():
    assert mean_and_spread(np.full((3, 50), 0.1, np.float32)) == (
        pytest.approx(0.1),
        pytest.approx(0, abs=1e-7),
    )
    with np.errstate(all="ignore"):
        for broken in (np.nan, np.inf):
            values = np.ones((3, 50), np.float32)
            values[1, 7] = broken
            mean, spread = mean_and_spread(values)
            assert not np.isfinite(mean) and np.isnan(spread)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_saturated_and_dead_shares_are_counted_unit_by_unit(activation):
    config, dataset, state = start(activation=activation, hidden_sizes=[6, 4], samples=200)
    network = build_network(config, dataset)
    take_over(network, state.learned, ...)
    network.parameters.weights[0][...] *= 40
    network.parameters.weights[0][1] = 0
    network.parameters.weights[0][1, -1] = -1
    _, _, recording = evaluate(network, fixed_rows(config, dataset)[0])
    layers = np.full((network.depth, len(LAYER_STATISTICS)), np.nan)
    activation_statistics(network, recording, layers)
    outputs = recording.arena.blocks["a1"].values
    saturated, dead = (layers[0, LAYER_INDEX[name]] for name in ("saturated_fraction", "dead_fraction"))
    if activation == "relu":
        assert np.isnan(saturated)
        assert dead == ((outputs > 0).mean(axis=1) < 0.01).mean() >= 1 / 6
    else:
        assert network.activations[0].saturated is not None
        low, high = network.activations[0].saturated
        assert np.isnan(dead)
        assert 0.2 < saturated == ((outputs < low) | (outputs > high)).mean()
    assert np.isnan(layers[-1, LAYER_INDEX["saturated_fraction"]])


def test_each_layer_is_judged_by_its_own_activation():
    settings = {"activation": ["relu", "sigmoid", "gelu"], "hidden_sizes": [6, 4, 3], "samples": 200}
    config, dataset, state = start(**settings)
    network = build_network(config, dataset)
    take_over(network, state.learned, ...)
    network.parameters.weights[0][1] = [0, 0, -1]
    network.parameters.weights[1][...] *= 20
    _, _, recording = evaluate(network, fixed_rows(config, dataset)[0])
    layers = np.full((network.depth, len(LAYER_STATISTICS)), np.nan)
    activation_statistics(network, recording, layers)
    dead, saturated = (layers[:, LAYER_INDEX[name]] for name in ("dead_fraction", "saturated_fraction"))
    first, second = (recording.arena.blocks[name].values for name in ("a1", "a2"))
    assert dead[0] == ((first > 0).mean(axis=1) < 0.01).mean() >= 1 / 6
    assert saturated[1] == ((second < 0.03) | (second > 0.97)).mean() > 0.2
    assert np.isnan(dead[1:]).all() and np.isnan(saturated[[0, 2, 3]]).all()
