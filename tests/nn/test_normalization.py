"""Normalisation follows its definition, keeps its running values, and uses them in evaluation alone."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import he_normal
from engine.nn.losses import LOSSES
from engine.nn.network import Network

X = np.random.default_rng(0).normal(2, 3, size=(5, 8, 3))


def build(normalization, dropout=0.0):
    generators = [np.random.default_rng(i) for i in range(2)]
    network = Network(
        [3, 4, 1],
        ACTIVATIONS["tanh"],
        LOSSES["mse"],
        normalization=normalization,
        dropout=dropout,
        generators=generators[:1],
        dtype=np.float64,
    )
    network.initialize(he_normal, generators)
    network.parameters.norms[0][...] = np.random.default_rng(1).normal(1, 0.3, (2, 4))
    return network


def replay(recording, x):
    recording.x[...] = x.T
    recording.tape.replay()
    return recording.arena.blocks["n1"].values.T.copy()


def by_hand(network, z, mean, variance):
    gamma, beta = network.parameters.norms[0]
    return gamma * (z - mean) / np.sqrt(variance + 1e-5) + beta


def test_batch_norm_takes_the_batchs_mean_and_biased_variance_and_keeps_the_unbiased_one():
    network = build("batch")
    mean, variance = np.zeros(4), np.ones(4)
    for x in X:
        z = x @ network.dense[0].matrix.T
        n = replay(network.recording(8), x)
        np.testing.assert_allclose(n, by_hand(network, z, z.mean(0), z.var(0)), rtol=1e-12)
        mean = 0.9 * mean + 0.1 * z.mean(0)
        variance = 0.9 * variance + 0.1 * z.var(0, ddof=1)
        np.testing.assert_allclose(network.running[0], [mean, variance], rtol=1e-12)
    z = X[0] @ network.dense[0].matrix.T
    evaluated = replay(network.recording(8, training=False), X[0])
    np.testing.assert_allclose(evaluated, by_hand(network, z, mean, variance), rtol=1e-12)


def test_layer_norm_takes_each_rows_mean_and_biased_variance_in_training_and_evaluation():
    network = build("layer")
    z = X[0] @ network.dense[0].matrix.T
    expected = by_hand(network, z, z.mean(1, keepdims=True), z.var(1, keepdims=True))
    for training in (True, False):
        np.testing.assert_allclose(replay(network.recording(8, training), X[0]), expected, rtol=1e-12)
    assert network.statistics.size == 0


def test_only_training_changes_the_running_values():
    network = build("batch", dropout=0.5)
    before = network.statistics.copy()
    replay(network.recording(8, training=False), X[0])
    replay(network.gradient_recording(8), X[0])
    np.testing.assert_array_equal(network.statistics, before)
    replay(network.recording(8), X[0])
    assert (network.statistics != before).all()


def test_one_row_is_evaluated_but_never_trained_on():
    network = build("batch")
    assert network.outputs(X[0][:1]).shape == (1, 1)
    with pytest.raises(ValueError, match="needs batches of 2 rows or more, got 1"):
        network.recording(1)


def test_a_network_without_hidden_layers_has_nothing_to_normalise_and_takes_single_rows():
    network = Network([3, 1], ACTIVATIONS["tanh"], LOSSES["mse"], normalization="batch")
    assert network.recording(1).x.shape == (3, 1) and network.statistics.size == 0


def test_two_rows_are_trained_on():
    replay(build("batch").recording(2), X[0][:2])


def test_the_output_layer_has_a_bias_and_no_normalisation():
    network = build("batch")
    assert [layer.has_bias for layer in network.dense] == [False, True]
    assert [norm.size for norm in network.parameters.norms] == [8, 0]
    assert network.parameters.size == 3 * 4 + 2 * 4 + 4 + 1


def test_the_output_does_not_change_with_the_scale_of_a_normalised_layers_weights():
    outputs = []
    for scale in (1, 1000):
        network = build("batch")
        network.dense[0].matrix[...] *= scale
        recording = network.recording(8)
        replay(recording, X[0])
        outputs.append(recording.output.values.copy())
    np.testing.assert_allclose(*outputs, rtol=1e-4)
