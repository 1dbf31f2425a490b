"""The tape allocates nothing, keeps its number of calls, and says in textbook notation what it does."""

import tracemalloc

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import he_normal
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.adam import Adam
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import L1, Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.tape import Tape

ADAM = Adam(0.9, 0.999, 1e-8)
DIGITS = ([64, 128, 64, 10], "relu", "cross_entropy")
CLIPPED_ADAM = [ClipByNorm(1.0), ADAM]
# By name: how it is prepared, calls of a step on the plain tape, and with passes.
WORKLOADS = {
    "W1": (([2, 8, 8, 1], "tanh", "mse", [], 10, 0.0), 20, 20),
    "W2": (([2, 16, 16, 16, 2], "relu", "cross_entropy", [ADAM], 32, 0.0), 41, 41),
    "W3": (([2, *[32] * 20, 2], "relu", "cross_entropy", CLIPPED_ADAM, 32, 0.1), 271, 195),
    "W4": ((*DIGITS, [ADAM], 32, 0.0), 35, 35),
    "W4d": ((*DIGITS, CLIPPED_ADAM, 32, 0.2), 55, 51),
    "W4 batch norm": ((*DIGITS, [ADAM], 32, 0.0, "batch"), 81, 81),
    "W4 layer norm": ((*DIGITS, [ADAM], 32, 0.0, "layer"), 75, 75),
    "residual": (([2, 8, 8, 8, 1], "tanh", "mse", [], 10, 0.3, "none", True), 51, 43),
}


def prepared(
    sizes, activation, loss, transforms, batch, dropout, normalization="none", residual=False, *, passes=True
):
    generator = np.random.default_rng(0)
    network = Network(
        sizes,
        ACTIVATIONS[activation],
        LOSSES[loss],
        dropout=dropout,
        generators=[generator],
        normalization=normalization,
        residual=residual,
        passes=passes,
    )
    network.initialize(he_normal, [generator] * network.depth)
    return network, Optimizer(network.parameters, transforms), network.recording(batch)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_step_takes_its_known_number_of_numpy_calls(name):
    parts, *known = WORKLOADS[name]
    for passes, calls in zip((False, True), known, strict=True):
        _, optimizer, recording = prepared(*parts, passes=passes)
        assert len(recording.tape) + len(optimizer.update) == calls


NUMPYS_OWN_ITERATORS = 3000
NUMPYS_BUFFER = 4 * np.getbufsize()


def allocated(*parts):
    """Return the bytes that twenty steps allocate on top at their peak.

    The least of five measurements: what the steps allocate is in all of them, what another thread allocates
    is not. The learning rate is 0, so that nothing grows beyond what a number holds.
    """
    _, optimizer, recording = prepared(*parts)
    recording.x[...] = 0.5
    for step in range(1, 4):
        optimizer.prepare(step, 0.0)
        recording.tape.replay()
        optimizer.update.replay()
    peaks = []
    tracemalloc.start()
    try:
        for _ in range(5):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            for _ in range(20):
                recording.tape.replay()
                optimizer.update.replay()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return min(peaks)


def allocates(z, out):
    np.copyto(out, np.arctan(z) + 0)


def test_an_allocation_of_a_step_would_be_noticed(monkeypatch):
    monkeypatch.setattr(Tape, "tanh", lambda tape, z, a: tape.call(allocates, z, a))
    assert allocated([3, 200, 1], "tanh", "mse", [], 50, 0.0) > NUMPYS_OWN_ITERATORS


@pytest.mark.parametrize("name", WORKLOADS)
def test_replaying_allocates_nothing(name):
    parts, _, _ = WORKLOADS[name]
    assert allocated(*parts) < NUMPYS_OWN_ITERATORS + (NUMPYS_BUFFER if "norm" in name else 0)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_what_numpy_buffers_for_a_broadcast_column_does_not_grow_with_the_layer(normalization):
    for width, batch in ((256, 64), (512, 256)):
        parts = [4, width, 1], "tanh", "mse", [], batch, 0.0, normalization
        assert allocated(*parts) < NUMPYS_OWN_ITERATORS + NUMPYS_BUFFER


def test_the_labels_tell_the_chain_rule_in_order():
    _, _, recording = prepared([2, 3, 1], "tanh", "mse", [], 4, 0.0)
    labels = [call.label for call in recording.tape.instructions]
    assert labels[:3] == ["z1 = W1 a0 + b1", "a1 = tanh(z1)", "z2 = W2 a1 + b2"]
    backward = [call.label for call in recording.tape.instructions if call.phase == "backward"]
    assert backward[:2] == ["dW2 = dz2 a1ᵀ, db2 = sum_batch(dz2)", "da1 = W2ᵀ dz2"]
    assert backward[-1] == "dW1 = dz1 a0ᵀ, db1 = sum_batch(dz1)"


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_no_activation_allocates(activation):
    assert allocated([3, 200, 1], activation, "mse", [], 50, 0.0) < NUMPYS_OWN_ITERATORS


OPTIONS = [
    *((name, {}) for name in OPTIMIZERS),
    ("momentum", {"dampening": 0.1}),
    ("rmsprop", {"centered": True, "momentum": 0.5}),
    ("adam", {"amsgrad": True}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_no_optimizer_and_no_option_allocates(name, options):
    rule = OPTIMIZERS[name].transforms({**OPTIMIZERS.options[name], **options})
    assert allocated([3, 200, 1], "tanh", "mse", rule, 50, 0.0) < NUMPYS_OWN_ITERATORS


def test_neither_clipping_by_layer_nor_a_penalty_allocates():
    starts, sizes = np.array([0, 800]), np.array([800, 201])
    mask = np.arange(1001) % 2
    transforms = [ClipByValue(0.1), ClipByLayerNorm(0.1, starts, sizes), L1(0.1, mask), Decay(0.1, mask)]
    assert allocated([3, 200, 1], "tanh", "mse", transforms, 50, 0.0) < NUMPYS_OWN_ITERATORS


def test_batch_norm_stands_between_a_dense_layer_without_bias_and_its_activation():
    _, _, recording = prepared([2, 3, 1], "tanh", "mse", [], 4, 0.0, "batch")
    forward = [call for call in recording.tape.instructions if call.phase == "forward"]
    assert forward[0].label == "z1 = W1 a0"
    assert [call.label for call in forward[-3:]] == [
        "(running_mean1, running_variance1) = (running_mean1, running_variance1) + u1",
        "a1 = tanh(n1)",
        "z2 = W2 a1 + b2",
    ]
    assert {call.layer for call in forward[:-1]} == {1}


def test_every_instruction_writes_a_buffer_among_its_arguments():
    _, optimizer, recording = prepared(*WORKLOADS["W4d"][0])
    instructions = [*recording.tape.instructions, *optimizer.measured_update.instructions]
    for name, options in OPTIONS:
        rule = OPTIMIZERS[name].transforms({**OPTIMIZERS.options[name], **options})
        instructions += Optimizer(optimizer.parameters, rule).update.instructions
    for call in instructions:
        assert any(call.output is argument for argument in call.arguments)


@pytest.mark.parametrize("name", ["W2", "W4d", "W4 batch norm", "W4 layer norm", "residual"])
def test_an_instruction_changes_the_buffer_that_it_names_as_its_output_and_no_other(name):
    _, optimizer, recording = prepared(*WORKLOADS[name][0])
    recording.x[...] = np.random.default_rng(1).normal(size=recording.x.shape)
    optimizer.prepare(1, 0.01)
    for call in [*recording.tape.instructions, *optimizer.measured_update.instructions]:
        others = [each for each in call.arguments if isinstance(each, np.ndarray)]
        others = [each for each in others if not np.shares_memory(each, call.output)]
        before = [each.copy() for each in others]
        call.function(*call.arguments)
        for each, old in zip(others, before, strict=True):
            np.testing.assert_array_equal(each, old, err_msg=call.label)


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
