"""Sums over layers: in double precision, of the vectors as they stood, the same in blocks as side by side."""

import numpy as np
import pytest

from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByValue
from engine.nn.optimizers.measures import BLOCK, SumsInBlocks, SumsSideBySide, layer_sums
from engine.nn.optimizers.penalties import Decay
from engine.nn.parameters import Parameters, record_layer_squares
from engine.nn.tape import Tape, assign

# One layer ends with a block, one needs several, one is shorter than any.
LAYERS = [(2, BLOCK // 2), (3, 2 * BLOCK // 3 + 100), (1, 7)]


def by_layer(values, bounds):
    """Return the sums over each layer, which begin at 0 and at these bounds."""
    return np.stack([part.sum(-1) for part in np.split(values, bounds, axis=-1)], axis=-1)


def vanishing(rng, shape):
    """Return numbers whose squares are 0 in single precision."""
    return rng.normal(size=shape).astype(np.float32) * np.float32(1e-30)


@pytest.mark.parametrize("lead", [(), (2,)])
def test_squares_are_summed_over_layers_in_double_precision(lead):
    flat, tape = vanishing(np.random.default_rng(0), (*lead, 9)), Tape(np.float32, lead)
    sums = record_layer_squares(tape, flat, np.array([0, 4, 7]))
    tape.replay()
    np.testing.assert_allclose(sums, by_layer(flat.astype(np.float64) ** 2, [4, 7]), rtol=1e-14)
    assert sums.dtype == np.float64 and (sums > 0).all()


@pytest.mark.parametrize("kind", [SumsSideBySide, SumsInBlocks])
@pytest.mark.parametrize("lead", [(), (2,)])
@pytest.mark.parametrize("shapes", [[(2, 2), (1, 5)], LAYERS], ids=["small", "several blocks"])
def test_layer_sums_are_those_of_the_vectors_as_they_stood_when_they_were_taken_in(kind, lead, shapes):
    parameters, rng = Parameters(shapes, np.float32, lead), np.random.default_rng(0)
    first, second = (vanishing(rng, (*lead, parameters.size)) for _ in range(2))
    tape, vector, bounds = Tape(np.float32, lead), first.copy(), parameters.starts[1:]
    sums = kind(tape, parameters, ["one", "two"])
    sums.take("one", vector)
    tape.call(assign, second, vector, label="vector = second")
    sums.take("two", vector)
    sums.close()
    one, two = first.astype(np.float64), second.astype(np.float64)
    for _ in range(2):
        vector[...] = first
        tape.replay()
        np.testing.assert_allclose(sums.magnitudes, by_layer(np.abs(one), bounds), rtol=1e-11)
        np.testing.assert_allclose(sums.squares[..., 0, :], by_layer(one**2, bounds), rtol=1e-11)
        np.testing.assert_allclose(sums.squares[..., 1, :], by_layer(two**2, bounds), rtol=1e-11)


def test_many_parameters_are_summed_in_blocks_and_few_side_by_side():
    few, many = (Parameters([(1, size)], np.float32) for size in (BLOCK, BLOCK + 1))
    assert isinstance(layer_sums(Tape(np.float32), few, ["g"]), SumsSideBySide)
    assert isinstance(layer_sums(Tape(np.float32), many, ["g"]), SumsInBlocks)


@pytest.mark.parametrize("lead", [(), (3,)])
def test_a_measured_update_leaves_exact_sums_and_makes_the_very_same_update(lead):
    rng = np.random.default_rng(0)
    parameters = Parameters([(2, 3), (1, 3)], np.float64, lead)
    start, gradient = rng.normal(size=(*lead, 9)), rng.normal(size=(*lead, 9))
    ends = []
    for measured in (False, True):
        optimizer = Optimizer(parameters, [ClipByValue(0.5), Decay(0.1)])
        parameters.theta[...], parameters.grad[...] = start, gradient
        optimizer.prepare(1, 0.2)
        (optimizer.measured_update if measured else optimizer.update).replay()
        ends.append(parameters.theta.copy())
    np.testing.assert_array_equal(ends[0], ends[1])
    clipped = np.clip(gradient, -0.5, 0.5)
    update = 0.2 * (clipped + 0.1 * start)
    np.testing.assert_allclose(ends[0], start - update, rtol=1e-14)
    measures = optimizer.measures
    for sums, of in (
        (measures.magnitudes, np.abs(gradient)),
        (measures.of("gradient"), gradient**2),
        (measures.of("clipped"), clipped**2),
        (measures.of("weights"), start**2),
        (measures.of("update"), update**2),
        (measures.of("new_weights"), ends[0] ** 2),
    ):
        np.testing.assert_allclose(sums, by_layer(of, [6]), rtol=1e-13)


def test_where_nothing_clips_the_gradient_after_clipping_is_the_one_before():
    measures = Optimizer(Parameters([(1, 3)], np.float64), [Decay(0.1)]).measures
    assert measures.rows["clipped"] == measures.rows["gradient"]
