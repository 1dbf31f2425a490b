"""The laboratory: weights go in by name; losses, gradients and slots come out; updates are a run's own."""

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.data.dataset import build_dataset
from engine.training.laboratory import Laboratory
from engine.training.model import initial_state
from engine.training.trainer import train
from tests.nn import formulas


def linear(**settings):
    laboratory = Laboratory(
        {"hidden_sizes": [], "loss": "mse", "optimizer": "sgd", "learning_rate": 0.5, **settings}, 2, 1
    )
    laboratory.set({"dense1.weight": [[2.0, -1.0]], "dense1.bias": [0.5]})
    return laboratory


def test_loss_and_gradients_are_those_worked_by_hand():
    """Output 2 * 1 - 3 + 0.5 = -0.5 against 1: loss 2.25, slope 2 * -1.5 = -3."""
    loss, gradients = linear().loss_and_gradients([[1.0, 3.0]], [[1.0]])
    assert loss == 2.25
    np.testing.assert_array_equal(gradients["dense1.weight"], [[-3.0, -9.0]])
    np.testing.assert_array_equal(gradients["dense1.bias"], [-3.0])


def test_a_step_returns_the_loss_before_it_and_moves_the_weights():
    laboratory = linear()
    assert laboratory.step([[1.0, 3.0]], [[1.0]]) == 2.25
    np.testing.assert_array_equal(laboratory.read()["dense1.weight"], [[3.5, 3.5]])
    assert laboratory.steps == 1


def test_slots_are_read_by_name():
    laboratory = linear(optimizer="momentum", momentum=0.5)
    laboratory.step([[1.0, 3.0]], [[1.0]])
    assert laboratory.slots().keys() == {"b"}
    np.testing.assert_array_equal(laboratory.slots()["b"]["dense1.weight"], [[-3.0, -9.0]])


def test_what_is_read_is_a_copy():
    laboratory = linear(optimizer="momentum")
    for arrays in (laboratory.read(), laboratory.slots()["b"]):
        for array in arrays.values():
            array[...] = 99
    np.testing.assert_array_equal(laboratory.read()["dense1.weight"], [[2.0, -1.0]])
    np.testing.assert_array_equal(laboratory.slots()["b"]["dense1.weight"], [[0.0, 0.0]])


def test_every_array_can_be_set_and_read_again():
    laboratory = Laboratory({"hidden_sizes": [3, 2], "normalization": "batch", "loss": "cross_entropy"}, 4, 2)
    rng = np.random.default_rng(0)
    values = {name: rng.random(array.shape) for name, array in laboratory.read().items()}
    assert set(laboratory.names) == {
        *(f"dense{i}.weight" for i in (1, 2, 3)),
        "dense3.bias",
        *(
            f"norm{i}.{part}"
            for i in (1, 2)
            for part in ("gamma", "beta", "running_mean", "running_variance")
        ),
    }
    laboratory.set(values)
    for name, array in laboratory.read().items():
        np.testing.assert_array_equal(array, values[name])


def test_looking_changes_nothing():
    laboratory = Laboratory({"hidden_sizes": [3], "normalization": "batch", "loss": "cross_entropy"}, 2, 2)
    rng = np.random.default_rng(0)
    laboratory.set({name: rng.random(array.shape) for name, array in laboratory.read().items()})
    before = laboratory.read()
    x, y = rng.normal(size=(5, 2)), np.array([0, 1, 1, 0, 1])
    first = laboratory.loss_and_gradients(x, y)[0]
    laboratory.outputs(x)
    evaluated = laboratory.loss(x, y)
    assert first == laboratory.loss_and_gradients(x, y)[0] != evaluated
    for name, array in laboratory.read().items():
        np.testing.assert_array_equal(array, before[name])
    laboratory.step(x, y)
    assert not np.array_equal(laboratory.read()["norm1.running_mean"], before["norm1.running_mean"])


def test_the_loss_in_evaluation_follows_from_the_outputs():
    laboratory = linear()
    x, y = np.array([[1.0, 3.0], [0.0, 1.0]]), np.array([[1.0], [0.5]])
    np.testing.assert_allclose(laboratory.loss(x, y), np.square(laboratory.outputs(x) - y).mean(), rtol=1e-15)


def test_dropout_is_in_the_steps_alone():
    laboratory = Laboratory(
        {"hidden_sizes": [64], "dropout": 0.5, "loss": "mse", "activation": "identity"}, 1, 1
    )
    laboratory.set({"dense1.weight": np.ones((64, 1)), "dense2.weight": np.ones((1, 64))})
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    assert laboratory.outputs(x) == [[64.0]]
    assert laboratory.loss_and_gradients(x, y)[0] == 64.0**2 == laboratory.loss(x, y)
    assert laboratory.step(x, y) != 64.0**2


@pytest.mark.parametrize(
    "settings",
    [
        {
            "optimizer": "adam",
            "weight_decay": 0.01,
            "clip_norm": 0.5,
            "schedule": "cosine",
            "warmup_epochs": 1,
        },
        {"normalization": "batch", "optimizer": "nesterov", "schedule": "step", "schedule_every": 1},
        {"dropout": 0.3, "normalization": "layer", "optimizer": "adamw", "clip_value": 0.01},
    ],
    ids=["adam", "batch norm", "dropout"],
)
def test_its_steps_are_those_of_a_run_bit_for_bit(settings):
    config = parse_config({"samples": 40, "epochs": 3, "dtype": "float64", "batch_size": 8, **settings})
    config = config.model_copy(update={"loss": "binary_cross_entropy"})
    dataset = build_dataset(config)
    per_epoch = -(-len(dataset.x_train) // 8)
    laboratory = Laboratory(config, dataset.features, 1, steps_per_epoch=per_epoch)
    resolved = laboratory.config.model_copy(update={"batch_size": 8, "initializer": "xavier_normal"})
    state = initial_state(resolved, dataset)
    laboratory.network.parameters.theta[...] = state.theta
    orders: dict[int, np.ndarray] = {}
    for _ in train(resolved, dataset, state):
        orders.setdefault((state.step - 1) // per_epoch, state.permutation.copy())
    for epoch in range(3):
        for start in range(0, len(dataset.x_train), 8):
            rows = orders[epoch][start : start + 8]
            laboratory.step(dataset.x_train[rows], dataset.y_train[rows])
    assert laboratory.steps == state.step
    np.testing.assert_array_equal(laboratory.network.parameters.theta, state.theta)
    np.testing.assert_array_equal(laboratory.network.statistics, state.statistics)


@pytest.mark.parametrize("steps", [0, 1.5, True])
def test_an_epoch_of_no_whole_number_of_updates_is_refused(steps):
    with pytest.raises(ConfigError, match="steps_per_epoch must be a whole number >= 1, got"):
        Laboratory({"loss": "mse"}, 1, 1, steps_per_epoch=steps)


@pytest.mark.parametrize(
    ("settings", "outputs", "sentence"),
    [
        ({}, 1, "loss must be named here"),
        ({"loss": "mse"}, 0, "outputs must be a whole number >= 1, got 0"),
        ({"loss": "binary_cross_entropy"}, 2, "outputs must be 1 with binary_cross_entropy, got 2"),
        ({"loss": "cross_entropy"}, 1, "outputs must be >= 2 with cross_entropy, got 1"),
        ({"loss": "mse", "learning_rate": -0.1}, 1, "learning_rate must be > 0"),
        ({"loss": "cross_entropy", "class_weights": "balanced"}, 2, "class_weights must be numbers here"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, outputs, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Laboratory(settings, 2, outputs)


def test_a_wrong_array_is_refused_and_nothing_is_set():
    laboratory = linear()
    with pytest.raises(ValueError, match=r"dense1.weight must have shape \(1, 2\), got \(2, 1\)"):
        laboratory.set({"dense1.bias": [7.0], "dense1.weight": [[1.0], [2.0]]})
    with pytest.raises(
        ValueError, match=r"did you mean 'dense1.bias'\? known are dense1.weight, dense1.bias"
    ):
        laboratory.set({"dense1.bais": [7.0]})
    assert laboratory.read()["dense1.bias"] == [0.5]


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        ([1.0, 2.0], [0], r"x must have shape \(n, 2\), got \(2,\)"),
        (np.zeros((0, 2)), [], r"x must have shape \(n, 2\), got \(0, 2\)"),
        ([[1.0, 2.0]], [3], "whole labels from 0 to 2"),
        ([[1.0, 2.0]], [0.0], "whole labels from 0 to 2"),
        ([[1.0, 2.0]], [[0]], "whole labels from 0 to 2"),
        ([[1.0, 2.0]], [0, 1], "x and y must have equally many rows, got 1 and 2"),
    ],
)
def test_wrong_rows_are_refused(x, y, sentence):
    laboratory = Laboratory({"hidden_sizes": [], "loss": "cross_entropy"}, 2, 3)
    with pytest.raises(ValueError, match=sentence):
        laboratory.step(x, y)
    assert laboratory.steps == 0


def test_values_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"y must have shape \(n, 1\), got \(1, 2\)"):
        linear().step([[1.0, 3.0]], [[1.0, 2.0]])


def test_a_network_with_an_activation_for_each_layer_computes_what_the_formulas_say():
    names = ["softsign", "relu", "sigmoid"]
    laboratory = Laboratory({"hidden_sizes": [5, 4, 3], "activation": names, "loss": "mse"}, 2, 1)
    rng = np.random.default_rng(0)
    laboratory.set({name: rng.normal(size=array.shape) for name, array in laboratory.read().items()})
    learned, x = laboratory.read(), rng.normal(size=(6, 2))
    h = x
    for number, name in enumerate(names, start=1):
        z = h @ learned[f"dense{number}.weight"].T + learned[f"dense{number}.bias"]
        h = formulas.ACTIVATIONS[name](z)
    expected = h @ learned["dense4.weight"].T + learned["dense4.bias"]
    np.testing.assert_allclose(laboratory.outputs(x), expected, rtol=1e-13)
