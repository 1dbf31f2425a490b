"""A list of activations: each layer has and starts by its own, and equal ones are one name written long."""

import numpy as np
import pytest

from engine.analysis.gradient_check import check_run
from engine.config import config_from_json
from engine.config.resolve import resolve
from engine.training.model import initial_state, weights_by_layer
from tests.training.short_runs import records_of, start, without_seconds

SIZES = {"hidden_sizes": [5, 4], "dataset": "spiral3"}


def weights(activation, **settings):
    config, dataset, state = start(**SIZES, activation=activation, **settings)
    return weights_by_layer(config, dataset, state)


@pytest.mark.parametrize("settings", [{}, {"initializer_gain": 2.0}, {"normalization": "layer"}], ids=str)
def test_each_layer_starts_as_in_a_network_of_its_activation_alone(settings):
    mixed = weights(["relu", "tanh"], **settings)
    relu, tanh = weights("relu", **settings), weights("tanh", **settings)
    for layer, alone in ((1, relu), (2, tanh), (3, tanh)):
        name = f"dense{layer}.weight"
        np.testing.assert_array_equal(mixed[name], alone[name])
        assert not np.array_equal(relu[name], tanh[name])


def test_an_initializer_that_is_named_starts_all_layers():
    mixed = weights(["relu", "tanh"], initializer="lecun_normal")
    for name, array in weights("relu", initializer="lecun_normal").items():
        np.testing.assert_array_equal(mixed[name], array)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_list_of_equal_entries_has_the_bits_of_the_one_name(activation):
    short, listed = start(**SIZES, activation=activation), start(**SIZES, activation=[activation] * 2)
    assert listed[0].activation == (activation, activation)
    expected, found = ([without_seconds(each) for each in records_of(*run)] for run in (short, listed))
    assert found == expected
    assert listed[2].theta.tobytes() == short[2].theta.tobytes()


@pytest.mark.parametrize("settings", [{}, {"normalization": "batch"}, {"residual": True}], ids=str)
def test_gradients_through_different_activations_equal_finite_differences(settings):
    case = {"hidden_sizes": [5, 5, 4], "activation": ["relu", "tanh", "sigmoid"], **settings}
    config, dataset, _ = start(**case)
    checks, passed = check_run(config, dataset)
    assert passed and [each.layer for each in checks] == [1, 2, 3, 4]


def test_a_resolved_configuration_that_is_stored_and_read_starts_and_ends_with_the_same_bits():
    config, dataset, state = start(**SIZES, activation=["relu", "tanh"])
    stored = config_from_json(config.to_json())
    assert stored == config and resolve(stored, dataset.facts) == config
    again = initial_state(stored, dataset)
    assert again.theta.tobytes() == state.theta.tobytes()
    records_of(config, dataset, state)
    records_of(stored, dataset, again)
    assert again.theta.tobytes() == state.theta.tobytes()
