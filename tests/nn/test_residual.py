"""Residual connections go around hidden layers of equal width and pass the error unchanged."""

import re

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.network import Network

X = np.random.default_rng(0).normal(size=(7, 3))


def build(sizes, **options):
    network = Network(sizes, ACTIVATIONS["tanh"], LOSSES["mse"], dtype=np.float64, residual=True, **options)
    network.parameters.theta[...] = np.random.default_rng(1).normal(0, 0.5, network.parameters.size)
    return network


def by_hand(network, x):
    """The formula once more: ``h = f(W h + b) + h`` where both hidden layers are equally wide."""
    h = x
    for layer in network.dense[:-1]:
        part = np.tanh(h @ layer.matrix.T + layer.bias)
        goes_around = layer.number > 1 and part.shape == h.shape
        h = part + h if goes_around else part
    return h @ network.dense[-1].matrix.T + network.dense[-1].bias


@pytest.mark.parametrize(
    "sizes", [[3, 4, 4, 2], [3, 3, 3, 3], [3, 5, 4, 4, 4, 6, 6, 1], [3, 4, 5, 4], [3, 2]]
)
def test_each_hidden_layer_as_wide_as_the_one_before_it_gets_that_ones_output_added(sizes):
    network = build(sizes)
    np.testing.assert_allclose(network.outputs(X), by_hand(network, X), rtol=1e-13)


@pytest.mark.parametrize(
    ("sizes", "around"),
    [([3, 3, 3, 3], ["h2"]), ([2, 4, 4, 4, 1], ["h2", "h3"]), ([4, 4], []), ([3, 3, 3], [])],
)
def test_input_and_output_layers_have_none_even_where_widths_are_equal(sizes, around):
    blocks = build(sizes).recording(2).arena.blocks
    assert [name for name in blocks if name.startswith("h")] == around


def test_the_tape_adds_forward_and_in_the_backward_pass_copies_the_error_then_adds_it_where_it_parted():
    tape = build([3, 4, 4, 4, 2]).recording(2).tape
    labels = [call.label for call in tape.instructions if re.search(r"h\d", call.label)]
    assert labels == [
        "h2 = a2 + a1",
        "z3 = W3 h2 + b3",
        "h3 = a3 + h2",
        "z4 = W4 h3 + b4",
        "dW4 = dz4 h3ᵀ, db4 = sum_batch(dz4)",
        "dh3 = W4ᵀ dz4",
        "da3 = dh3",
        "dW3 = dz3 h2ᵀ, db3 = sum_batch(dz3)",
        "dh2 = W3ᵀ dz3",
        "dh2 = dh2 + dh3",
        "da2 = dh2",
        "da1 = da1 + dh2",
    ]
    assert [
        call.layer for call in tape.instructions if call.label in ("h2 = a2 + a1", "da1 = da1 + dh2")
    ] == [2, 2]


def test_the_error_reaches_the_first_layer_unchanged_where_weights_between_are_0():
    network = build([3, 4, 4, 4, 2])
    network.dense[1].weight[...] = network.dense[2].weight[...] = 0
    recording = network.recording(7)
    recording.x[...] = X.T
    recording.tape.replay()
    blocks = recording.arena.blocks
    np.testing.assert_array_equal(blocks["a1"].error, blocks["h3"].error)
    assert np.abs(blocks["a1"].error).min() > 0


def test_the_sum_stands_behind_dropout_and_takes_what_the_layer_before_dropped():
    generator = np.random.default_rng(0)
    recording = build([3, 50, 50, 2], dropout=0.5, generators=[generator]).recording(7)
    recording.x[...] = X.T
    recording.tape.replay()
    blocks = recording.arena.blocks
    np.testing.assert_array_equal(blocks["h2"].values, blocks["d2"].values + blocks["d1"].values)
    both_off = (blocks["d2"].values == 0) & (blocks["d1"].values == 0)
    assert both_off.any() and (blocks["h2"].values[both_off] == 0).all()


def test_without_the_setting_nothing_goes_around():
    plain = Network([3, 4, 4, 2], ACTIVATIONS["tanh"], LOSSES["mse"])
    assert not any(layer.kind in ("fork", "residual") for layer in plain.layers)
