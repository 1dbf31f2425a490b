"""The parts fit each other: names and shapes, lists of one length, settings that stay."""

import dataclasses

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.gradient_check import LayerCheck
from engine.nn.initializers import pytorch, pytorch_bias, zeros
from engine.nn.layers import Dropout
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, SmoothL1
from engine.nn.network import Network, parameter_shapes
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import L1, Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameter_names import named_statistics, named_views
from engine.nn.parameters import Parameters, views
from engine.nn.schedules import Plateau, PlateauMemory
from engine.nn.tape import Arena, Tape


def network(sizes=(2, 4, 3, 1), **options):
    return Network(sizes, ACTIVATIONS["tanh"], LOSSES["mse"], **options)


FIXED = [
    Huber(),
    SmoothL1(),
    CrossEntropy(),
    BinaryCrossEntropy(),
    ClipByValue(1.0),
    ClipByNorm(1.0),
    ClipByLayerNorm(1.0, np.zeros(1, int), np.ones(1, int)),
    Decay(0.1),
    L1(0.1),
    *(rule.transform() for rule in OPTIMIZERS.values() if rule.transform),
    *OPTIMIZERS.values(),
    Plateau(0.1, 1, 0.0, 0, 0.0),
    PlateauMemory(),
    LayerCheck(1, 2, 0.0),
    network().recording(2),
    network().recording(2).tape.instructions[0],
    Optimizer(network().parameters, []).measures,
]


@pytest.mark.parametrize("each", FIXED, ids=lambda each: type(each).__name__)
def test_what_a_tape_or_a_pace_was_made_from_cannot_be_changed_behind_its_back(each):
    name = dataclasses.fields(each)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(each, name, None)


def test_an_instruction_takes_no_names_beyond_its_own():
    assert not hasattr(network().recording(2).tape.instructions[0], "__dict__")


def test_lists_that_belong_together_must_be_of_one_length():
    flat = np.zeros(6)
    with pytest.raises(ValueError, match="zip"):
        views(flat, [0, 2, 4], [(1, 2), (1, 2)])
    with pytest.raises(ValueError, match="zip"):
        Parameters([(2, 3), (1, 3)], np.float64, (), [(2, 2)])
    with pytest.raises(ValueError, match="zip"):
        network().initialize(zeros, [np.random.default_rng(0)])
    for generators in ([], [np.random.default_rng(0)] * 3):
        with pytest.raises(ValueError, match="zip"):
            network(dropout=0.5, generators=generators, lead=(2,)).recording(2)
        with pytest.raises(ValueError, match="zip"):
            network(dropout=0.5, generators=generators[:2]).recording(2)


def test_each_replicate_is_clipped_by_its_own_norm():
    parameters = Parameters([(1, 3)], np.float64, (2,))
    optimizer = Optimizer(parameters, [ClipByNorm(1.0)])
    parameters.grad[...] = [[3.0, 4.0, 0.0], [0.3, 0.0, 0.4]]
    optimizer.prepare(1, 1.0)
    optimizer.update.replay()
    expected = [[-0.6, -0.8, 0.0], [-0.3, 0.0, -0.4]]
    np.testing.assert_allclose(parameters.theta, expected, rtol=1e-6)


@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_parts_of_the_flat_vectors_have_names_shapes_and_starts(normalization, lead):
    net = network(normalization=normalization, lead=lead)
    named = named_views(net, net.parameters.theta) | named_statistics(net)
    expected = {}
    for number, (fan_in, out) in enumerate([(2, 4), (4, 3), (3, 1)], start=1):
        expected[f"dense{number}.weight"] = (out, fan_in)
        if normalization != "batch" or number == 3:
            expected[f"dense{number}.bias"] = (out,)
        if normalization != "none" and number < 3:
            expected |= {f"norm{number}.gamma": (out,), f"norm{number}.beta": (out,)}
    if normalization == "batch":
        for number, out in ((1, 4), (2, 3)):
            expected |= {f"norm{number}.running_mean": (out,), f"norm{number}.running_variance": (out,)}
    assert {name: view.shape for name, view in named.items()} == {
        name: (*lead, *shape) for name, shape in expected.items()
    }
    assert list(named) == list(expected)
    for name, view in named.items():
        ones = name.endswith(("gamma", "running_variance"))
        np.testing.assert_array_equal(view, np.full(view.shape, 1.0 if ones else 0.0))
    for index, view in enumerate(named.values()):
        view[...] = index
    values = np.concatenate([net.parameters.theta, net.statistics], axis=-1)
    found, counts = np.unique(values, return_counts=True)
    assert dict(zip(found, counts, strict=True)) == {i: view.size for i, view in enumerate(named.values())}
    assert not net.parameters.grad.any()


def test_parameters_without_normalisation_have_views_of_nothing_for_it():
    parameters = Parameters([(2, 3), (1, 3)], np.float64)
    assert [norm.shape for norm in parameters.norms] == [(0, 0), (0, 0)]
    assert parameters.starts.tolist() == [0, 6] and parameters.sizes.tolist() == [6, 3]


def test_shapes_are_known_without_building_a_network():
    assert parameter_shapes([2, 4, 3, 1], "batch") == (
        [(4, 2), (3, 4), (1, 4)],
        [(2, 4), (2, 3), (0, 1)],
        [(2, 4), (2, 3), (0, 1)],
    )
    assert parameter_shapes([2, 4, 1], "layer") == ([(4, 3), (1, 5)], [(2, 4), (0, 1)], [(0, 4), (0, 1)])
    assert parameter_shapes([2, 1], "batch") == ([(1, 3)], [(0, 1)], [(0, 1)])


def test_weights_are_drawn_first_then_biases_which_otherwise_become_0():
    net = network((2, 3, 1), dtype=np.float64)
    for layer in net.dense:
        layer.weight[...] = 9
    generators = [np.random.default_rng(layer) for layer in range(2)]
    net.initialize(pytorch, generators, pytorch_bias)
    again = [np.random.default_rng(layer) for layer in range(2)]
    for layer, generator, (fan_in, fan_out) in zip(net.dense, again, [(2, 3), (3, 1)], strict=True):
        np.testing.assert_array_equal(layer.matrix, pytorch(generator, fan_in, fan_out))
        np.testing.assert_array_equal(layer.bias, pytorch_bias(generator, fan_in, fan_out))
    net.initialize(pytorch, generators)
    assert not any(np.any(layer.bias) for layer in net.dense)


def test_replicates_start_from_the_same_draws():
    alone, stacked = network((2, 3, 1)), network((2, 3, 1), lead=(2,))
    for net in (alone, stacked):
        net.initialize(pytorch, [np.random.default_rng(layer) for layer in range(2)])
    np.testing.assert_array_equal(stacked.parameters.theta, [alone.parameters.theta] * 2)


def test_a_recording_is_made_once_for_each_batch_size_and_kind():
    net = network()
    assert net.recording(3) is net.recording(3)
    assert (
        len({id(each) for each in (net.recording(3), net.recording(4), net.recording(3, training=False))})
        == 3
    )
    assert net.gradient_recording(3) is not net.gradient_recording(3)


def test_evaluation_has_no_backward_pass_and_measures_stand_apart():
    recording = network().recording(3, training=False)
    assert {call.phase for call in recording.tape.instructions} == {"forward"}
    assert {call.phase for call in recording.loss_tape.instructions} == {"measure"}
    training = network().recording(3).tape.instructions
    assert [call.layer for call in training if call.phase == "loss"] == [0, 0]
    assert {call.layer for call in training if call.phase == "backward"} == {1, 2, 3}


def test_a_section_marks_its_calls_and_ends():
    tape, cell = Tape(np.float64), np.zeros(())
    tape.call(np.add, cell, cell, cell, label="before")
    with tape.section("backward", 2):
        tape.call(np.add, cell, cell, cell, label="inside")
    tape.call(np.add, cell, cell, cell, label="after")
    assert [(call.phase, call.layer) for call in tape.instructions] == [
        ("forward", 0),
        ("backward", 2),
        ("forward", 0),
    ]


@pytest.mark.parametrize("lead", [(), (2,)])
def test_an_arena_keeps_a_row_of_ones_below_each_output_and_marks_the_input(lead):
    arena = Arena([("input", "a0", 2), ("dense", "z1", 3), ("dense", "z2", 1)], 4, np.float32, lead)
    assert arena.values.shape == arena.errors.shape == (*lead, 3 + 4 + 2, 4)
    for name, width in (("a0", 2), ("z1", 3), ("z2", 1)):
        block = arena.blocks[name]
        assert block.values.shape == block.error.shape == (*lead, width, 4) and block.width == width
        assert block.with_ones.shape == block.error_with_ones.shape == (*lead, width + 1, 4)
        block.values[...] = 5
        assert (block.with_ones[..., -1, :] == 1).all() and not block.error_with_ones.any()
        assert block.is_input == (name == "a0")
    assert arena.slab("dense").shape == (*lead, 6, 4) and arena.slab("input").shape == (*lead, 3, 4)


def test_products_are_dot_alone_and_matmul_for_replicates_and_cells_broadcast_over_them():
    assert Tape(np.float32).product() is np.dot and Tape(np.float32, (2,)).product() is np.matmul
    assert Tape(np.float32).constant(0.1).dtype == np.float32
    assert Tape(np.float32, (2,)).array(3).shape == (2, 3)
    assert Tape(np.float32).array(3, dtype=np.float64).dtype == np.float64
    assert not Tape(np.float32).array(2, 3).any()


def test_parts_that_hold_arrays_are_told_apart_by_identity_and_the_others_by_their_settings():
    layers = np.zeros(2, int), np.ones(2, int)
    for build in (lambda: ClipByLayerNorm(1.0, *layers), lambda: Decay(0.1, layers[1]), lambda: L1(0.1)):
        one, other = build(), build()
        assert one == one and one != other and len({one, other, one}) == 2
    assert ClipByNorm(1.0) == ClipByNorm(1.0) != ClipByNorm(2.0)


def test_dropout_of_nothing_is_not_a_layer():
    layers = network(dropout=[0.0, 0.5], generators=[np.random.default_rng(0)]).layers
    assert [layer.number for layer in layers if isinstance(layer, Dropout)] == [2]
