"""Labels are true: each, evaluated with NumPy on the named arrays, gives what its call writes."""

from itertools import cycle, product

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.network import LARGE_BATCH
from engine.nn.normalization import Normalization
from engine.nn.optimizers.adam import Adam
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByNorm, ClipByValue
from engine.nn.optimizers.measures import BLOCK
from engine.nn.optimizers.penalties import L1, Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameters import Parameters
from tests.nn.labels import BATCH, MANY_LOSSES, build, check, filled, memory


@pytest.mark.parametrize("lead", [(), (2,)], ids=["alone", "replicates"])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_label_of_a_recording_evaluates_to_what_its_call_writes(activation, lead):
    rates = (0.0, 0.3, [0.3, np.array([[[0.2]], [[0.4]]]) if lead else 0.5])
    options = product(("none", "batch", "layer"), enumerate(rates), (False, True))
    for loss, (normalization, (passes, dropout), residual) in zip(cycle(MANY_LOSSES), options, strict=False):
        network = build(
            activation,
            loss,
            lead,
            normalization=normalization,
            dropout=dropout,
            residual=residual,
            passes=passes > 0,
        )
        for recording in (network.recording(BATCH), network.recording(BATCH, training=False)):
            filled(recording)
            check(recording.tape.instructions)
            check(recording.loss_tape.instructions)


@pytest.mark.parametrize("lead", [(), (2,)], ids=["alone", "replicates"])
def test_every_label_of_a_batch_in_pieces_evaluates_to_what_its_call_writes(lead):
    recording = filled(build(lead=lead, normalization="layer").recording(LARGE_BATCH + 3))
    labels = check(recording.tape.instructions)
    assert labels.count("z1 = W1 a0 + b1") == 3
    assert labels[0] == "a0 = X[:,0:684]" and labels[-3:] == ["t = (684/2051) g", "G = G + t", "g = G"]


OPTIONS = [
    *((name, {}) for name in OPTIMIZERS),
    ("momentum", {"dampening": 0.1}),
    ("rmsprop", {"centered": True, "momentum": 0.5}),
    ("adam", {"amsgrad": True, "beta1": 0.7, "eps": 1e-2}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    ("rprop", {"eta_minus": 0.3, "eta_plus": 1.7}),
]


def transforms_around(rule, parameters, lead):
    """Return rows of transforms: the rule alone, then with clipping and penalties before and behind it."""
    each = np.array([[0.2], [0.4]]) if lead else 0.3
    layers, mask = (parameters.starts, parameters.sizes), np.arange(parameters.size) % 2
    yield rule
    yield [ClipByValue(0.7), ClipByLayerNorm(1.1, *layers), ClipByNorm(0.8), L1(0.1), Decay(0.2), *rule]
    yield [ClipByValue(each), ClipByLayerNorm(each, *layers), ClipByNorm(each), *rule, Decay(each, mask)]
    yield [L1(0.1, mask), *rule, ClipByNorm(0.8)]


@pytest.mark.parametrize("lead", [(), (2,)], ids=["alone", "replicates"])
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_every_label_of_an_update_evaluates_to_what_its_call_writes(name, options, lead):
    rule = OPTIMIZERS[name].transforms({**OPTIMIZERS.options[name], **options})
    parameters, rng = Parameters([(2, 3), (1, 3)], np.float64, lead), np.random.default_rng(3)
    for transforms, has_own_rates in product(transforms_around(rule, parameters, lead), (False, True)):
        optimizer = Optimizer(parameters, transforms, has_own_rates=has_own_rates)
        parameters.theta[...] = rng.normal(size=parameters.theta.shape)
        for step in range(1, 9):
            parameters.grad[...] = rng.normal(size=parameters.grad.shape)
            optimizer.prepare(step, 0.1)
            check((optimizer.measured_update if step % 2 else optimizer.update).instructions)


@pytest.mark.parametrize("lead", [(), (2,)], ids=["alone", "replicates"])
def test_every_label_of_sums_in_blocks_evaluates_to_what_its_call_writes(lead):
    parameters = Parameters([(3, 2 * BLOCK // 3 + 100), (1, 7)], np.float64, lead)
    optimizer = Optimizer(parameters, [ClipByValue(0.5), Adam()])
    parameters.grad[...] = np.random.default_rng(4).normal(size=parameters.grad.shape)
    optimizer.prepare(1, 0.1)
    labels = check(optimizer.measured_update.instructions)
    assert f"block[:{BLOCK}] = g[0:{BLOCK}]" in labels and "parts[0,1] = sum(block[:32768]²)" in labels


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("lead", [(), (2,)], ids=["alone", "replicates"])
def test_names_are_those_of_the_networks_own_arrays(normalization, lead):
    network = build(lead=lead, normalization=normalization, dropout=0.3, residual=True)
    recording = network.recording(BATCH)
    expected = {"y": recording.target, "a0": recording.x}
    for name, block in recording.arena.blocks.items():
        if not name.startswith("s"):
            expected |= {name: block.values, f"d{name}": block.error}
    for layer, gradient in zip(network.dense, network.parameters.gradients, strict=True):
        matrix = gradient[..., :-1] if layer.has_bias else gradient
        expected |= {f"W{layer.number}": layer.matrix, f"dW{layer.number}": matrix}
        if layer.bias is not None:
            expected |= {f"b{layer.number}": layer.bias, f"db{layer.number}": gradient[..., -1]}
    for layer in network.layers:
        if isinstance(layer, Normalization):
            rows = {"γ": layer.parameters[..., 0, :], "β": layer.parameters[..., 1, :]}
            rows |= {"dγ": layer.gradient[..., 0, :], "dβ": layer.gradient[..., 1, :]}
            if layer.statistic_starts:
                rows |= {"running_mean": layer.statistics[..., 0, :]}
                rows |= {"running_variance": layer.statistics[..., 1, :]}
            expected |= {f"{name}{layer.number}": row for name, row in rows.items()}
    arrays = recording.tape.names.arrays
    for number, (name, array) in enumerate(expected.items()):
        array[...] = number
        assert (arrays[name] == number).all(), name
        assert memory(arrays[name]) == memory(array), name
    optimizer = Optimizer(network.parameters, [Adam()])
    own = {"θ": network.parameters.theta, "g": network.parameters.grad, "η": optimizer.cells["rate"]}
    for name, array in (own | optimizer.slots).items():
        assert optimizer.update.names.arrays[name] is array


def test_nothing_is_dropped_and_no_memory_changed_in_the_labels_of_a_gradient_alone():
    network = build(dropout=0.3, normalization="batch")
    labels = check(filled(network.gradient_recording(BATCH)).tape.instructions)
    assert not any("running" in each or "m1" in each for each in labels)
