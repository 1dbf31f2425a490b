"""The tape allocates nothing, keeps its number of calls, and says in textbook notation what it does."""

import tracemalloc

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import he_normal
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers import ClipByNorm, Optimizer
from engine.nn.rules import Adam

WORKLOADS = {
    "W1": ([2, 8, 8, 1], "tanh", "mse", [], 10, 0.0, 20),
    "W2": ([2, 16, 16, 16, 2], "relu", "cross_entropy", [Adam(0.9, 0.999, 1e-8)], 32, 0.0, 41),
    "W4": ([64, 128, 64, 10], "relu", "cross_entropy", [Adam(0.9, 0.999, 1e-8)], 32, 0.0, 35),
    "W4d": (
        [64, 128, 64, 10],
        "relu",
        "cross_entropy",
        [ClipByNorm(1.0), Adam(0.9, 0.999, 1e-8)],
        32,
        0.2,
        55,
    ),
}


def prepared(sizes, activation, loss, transforms, batch, dropout):
    generator = np.random.default_rng(0)
    network = Network(sizes, ACTIVATIONS[activation], LOSSES[loss], dropout=dropout, generators=[generator])
    network.initialize(he_normal, [generator] * network.depth)
    return network, Optimizer(network.parameters, transforms), network.recording(batch)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_step_takes_its_known_number_of_numpy_calls(name):
    *parts, calls = WORKLOADS[name]
    _, optimizer, recording = prepared(*parts)
    assert len(recording.tape) + len(optimizer.update) == calls


@pytest.mark.parametrize("name", WORKLOADS)
def test_replaying_allocates_nothing(name):
    *parts, _ = WORKLOADS[name]
    _, optimizer, recording = prepared(*parts)
    recording.x[...] = 0.5
    for step in range(1, 4):
        optimizer.prepare(step, 0.01)
        recording.tape.replay()
        optimizer.update.replay()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(20):
            recording.tape.replay()
            optimizer.update.replay()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    numpys_own_iterators = 3000
    assert peak - before < numpys_own_iterators


def test_the_labels_tell_the_chain_rule_in_order():
    _, _, recording = prepared([2, 3, 1], "tanh", "mse", [], 4, 0.0)
    labels = [call.label for call in recording.tape.instructions]
    assert labels[:3] == ["z1 = W1 a0 + b1", "a1 = tanh(z1)", "z2 = W2 a1 + b2"]
    backward = [call.label for call in recording.tape.instructions if call.phase == "backward"]
    assert backward[:2] == ["dW2 = dz2 a1ᵀ", "da1 = W2ᵀ dz2"] and backward[-1] == "dW1 = dz1 a0ᵀ"


def test_every_instruction_writes_a_buffer_among_its_arguments():
    _, optimizer, recording = prepared(*WORKLOADS["W4d"][:-1])
    for call in [*recording.tape.instructions, *optimizer.measured_update.instructions]:
        assert any(call.output is argument for argument in call.arguments)


def test_outputs_of_layers_of_one_kind_lie_side_by_side():
    _, _, recording = prepared([2, 3, 4, 1], "tanh", "mse", [], 5, 0.0)
    recording.arena.slab("activation")[...] = 7
    assert (recording.arena.blocks["a1"].with_ones == 7).all()
    assert (recording.arena.blocks["a2"].with_ones == 7).all()
    assert recording.arena.slab("activation").shape == (3 + 1 + 4 + 1, 5)


def test_dropout_keeps_the_expected_share_and_scales_it_up():
    network, _, recording = prepared([1, 20000, 1], "identity", "mse", [], 1, 0.3)
    network.parameters.weights[0][:, 0] = 1
    recording.x[...] = 1
    recording.tape.replay()
    dropped = recording.arena.blocks["d1"].values
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (dropped > 0).mean() == pytest.approx(0.7, abs=0.02)


def test_dropout_does_nothing_in_evaluation():
    network, _, _ = prepared([2, 8, 1], "tanh", "mse", [], 4, 0.5)
    x = np.random.default_rng(0).normal(size=(4, 2))
    np.testing.assert_array_equal(network.outputs(x), network.outputs(x))
    assert all("m1" not in call.label for call in network.recording(4, training=False).tape.instructions)
