"""Activations and losses as curves: nothing overflows, kinks have their agreed slope, facts are true."""

import math
from typing import Any

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, SmoothL1
from engine.nn.tape import Arena, Tape
from tests.nn.formulas import ACTIVATION_ENDS

SIZES = [0, 1e-30, 1e-3, 0.5, 1, 3, 6, 10, 20, 20.5, 50, 88, 89, 104, 700, 710, 746, 1e3, 1e4]
EXTREME = np.array([sign * size for size in SIZES for sign in (1, -1)])
KNOWN_LOSSES = {
    **LOSSES,
    "huber 0.3": Huber(0.3),
    "smooth_l1 2": SmoothL1(2.0),
    "cross_entropy weighted": CrossEntropy(0.2, (0.5, 2.0, 1.0)),
    "binary_cross_entropy weighted": BinaryCrossEntropy(0.2, (0.5, 2.0)),
}


def curve(name, z, dtype: Any = np.float64):
    """Return values and slopes at ``z``, computed with every warning an error but underflow."""
    arena, tape = Arena([("input", "z", 1), ("activation", "a", 1)], len(z), dtype), Tape(dtype)
    inputs, outputs = arena.blocks["z"], arena.blocks["a"]
    ACTIVATIONS[name].forward(tape, inputs, outputs)
    ACTIVATIONS[name].backward(tape, inputs, outputs)
    inputs.values[...], outputs.error[...] = z, 1
    with np.errstate(all="raise", under="ignore"):
        tape.replay()
    return outputs.values[0].copy(), inputs.error[0].copy()


def slope(name, z):
    return float(curve(name, [z])[1][0])


def loss_at(name, outputs, target, dtype: Any = np.float64):
    """Return value and derivative of a loss at outputs ``(outputs, n)``, warnings as in :func:`curve`."""
    loss, (rows, batch) = KNOWN_LOSSES[name], np.shape(outputs)
    tape, arena = Tape(dtype), Arena([("dense", "z", rows)], batch, dtype)
    block, wanted, value = arena.blocks["z"], np.asarray(target, dtype), np.zeros(())
    loss.record_error(tape, block, wanted)
    loss.record_value(tape, block, wanted, value)
    block.values[...] = outputs
    with np.errstate(all="raise", under="ignore"):
        tape.replay()
    return float(value), block.error.copy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_stay_finite_up_to_ten_thousand(name, dtype):
    values, slopes = curve(name, EXTREME, dtype)
    assert values.dtype == slopes.dtype == dtype
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    assert np.abs(values).max() <= 1.0508e4 and slopes.min() >= -0.2 and slopes.max() <= 1.76


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_from_1e16_to_the_largest_float_and_infinity_an_activation_is_its_two_lines(name, dtype):
    """Nothing overflows but what is itself too large, and NaN, which tells of a diverged run, stays NaN."""
    largest = float(np.finfo(dtype).max)
    sizes = [1e16, 1e19, 2e19, 1e30, 1e37, 1e38, 1e100, 1e154, 1e155, 1e300, largest / 2, largest, np.inf]
    z = np.unique([size for size in sizes if size <= largest or size == np.inf]).astype(dtype)
    for (slope_there, offset), side in zip(ACTIVATION_ENDS[name], (-z, z), strict=True):
        with np.errstate(over="ignore"):
            wanted = (side * dtype(slope_there) if slope_there else np.zeros_like(side)) + dtype(offset)
        held = np.isfinite(wanted) | np.isinf(side)
        values, slopes = curve(name, side[held], dtype)
        np.testing.assert_allclose(values, wanted[held], rtol=1e-6, atol=1e-30)
        np.testing.assert_allclose(slopes, slope_there, rtol=1e-6, atol=1e-30)
    assert np.isnan(curve(name, [np.nan], dtype)[0]).all()


@pytest.mark.parametrize("name", ["silu", "mish", "gelu", "gelu_tanh", "hard_swish"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_bounded_far_away_changes_no_bit_of_a_gate_within_its_reach(name, dtype):
    z = np.concatenate([EXTREME, np.linspace(-60, 60, 2001)]).astype(dtype)
    z = z[np.abs(z) < 88]
    with np.errstate(all="ignore"):
        values, slopes = unbounded(name, z)
    np.testing.assert_array_equal(curve(name, z, dtype), (values, slopes))


def unbounded(name, z):
    """Return values and slopes as their formulas are written, in the precision of z and in the same order."""
    from scipy.special import ndtr

    one, cube, root = z.dtype.type(1), z.dtype.type(0.044715), z.dtype.type(math.sqrt(2 / math.pi))
    half, sixth = z.dtype.type(0.5), z.dtype.type(1 / 6)
    s = 1 / (1 + np.exp(-z))
    if name == "silu":
        return z * s, s + z * s * (1 - s)
    if name == "mish":
        t = np.tanh(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0))
        return z * t, s * (1 - t * t) * z + t
    if name == "gelu":
        bell = np.exp(z * z * -half) * z.dtype.type(1 / math.sqrt(2 * math.pi))
        return z * ndtr(z), z * bell + ndtr(z)
    if name == "gelu_tanh":
        t = np.tanh((z * z * cube + 1) * z * root)
        part = (z * z * z.dtype.type(3 * 0.044715) + 1) * root
        return (t + 1) * half * z, ((one - t * t) * part * z + t + 1) * half
    ramp = np.clip(z + 3, 0, 6) * sixth
    return z * ramp, ramp + (np.abs(z) < 3) * z * sixth


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_single_precision_follows_double_precision(name):
    z = np.concatenate([EXTREME, np.linspace(-8, 8, 401) + 1e-3]).astype(np.float32)
    for single, double in zip(curve(name, z, np.float32), curve(name, z, np.float64), strict=True):
        np.testing.assert_allclose(single, double, rtol=1e-4, atol=3e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_the_derivatives_of_the_values(name):
    z = np.linspace(-9, 22, 700) + 1.7e-3
    numeric = (curve(name, z + 1e-5)[0] - curve(name, z - 1e-5)[0]) / 2e-5
    np.testing.assert_allclose(curve(name, z)[1], numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_kinks_are_where_the_slope_jumps_and_nowhere_else(name):
    places = [-12.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 12.0]
    jumps = tuple(at for at in places if abs(slope(name, at + 1e-7) - slope(name, at - 1e-7)) > 1e-3)
    assert ACTIVATIONS[name].kinks == jumps


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_dies_where_all_of_its_left_side_is_0_and_flat(name):
    values, slopes = curve(name, -np.array([1e-3, 0.5, 1, 10, 1e4]))
    assert ACTIVATIONS[name].dies == bool((values == 0).all() and (slopes == 0).all())


@pytest.mark.parametrize("name", [name for name, each in ACTIVATIONS.items() if each.saturated])
def test_outputs_count_as_saturated_within_four_percent_of_a_flat_end(name):
    low, high = ACTIVATIONS[name].saturated or (0, 0)
    (left, right), (flat_left, flat_right) = curve(name, [-1e4, 1e4])
    assert low < high and (math.isfinite(low) or math.isfinite(high))
    for bound, end, flat in ((low, left, flat_left), (high, right, flat_right)):
        if math.isfinite(bound):
            assert abs(flat) < 1e-7 and left < bound < right
            assert 0.02 < abs(bound - end) < 0.04 * max(1, abs(end))
        else:
            assert bound == math.copysign(math.inf, -1 if bound == low else 1)


AT_KINKS = {
    ("relu", 0): 0,
    ("leaky_relu", 0): 0.01,
    ("leaky_relu", -1): 0.01,
    ("relu6", 0): 0,
    ("relu6", 6): 0,
    ("hard_tanh", -1): 0,
    ("hard_tanh", 1): 0,
    ("hard_sigmoid", -3): 0,
    ("hard_sigmoid", 3): 0,
    ("hard_sigmoid", 0): 1 / 6,
    ("elu", 0): 1,
    ("selu", 0): 1.0507009873554805 * 1.6732632423543772,
    ("selu", 1): 1.0507009873554805,
    ("hard_swish", 0): 0.5,
    ("softplus", 20): -math.expm1(-20),
    ("softplus", 20.1): 1,
}


@pytest.mark.parametrize(("name", "z"), AT_KINKS)
def test_the_slope_at_a_kink_and_the_constants_are_the_agreed_ones(name, z):
    assert slope(name, z) == pytest.approx(AT_KINKS[name, z], rel=1e-13, abs=1e-300)


@pytest.mark.parametrize(
    ("name", "z", "value"),
    [
        ("leaky_relu", -3, -0.03),
        ("relu6", 7, 6),
        ("selu", -1, 1.0507009873554805 * 1.6732632423543772 * math.expm1(-1)),
        ("selu", 2, 2 * 1.0507009873554805),
        ("softplus", 20, math.log1p(math.exp(20))),
        ("softplus", 20.001, 20.001),
        ("gelu", 1, (1 + math.erf(2**-0.5)) / 2),
        ("gelu_tanh", 1, (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715)) / 2),
        ("hard_swish", 1, 4 / 6),
        ("hard_sigmoid", 1, 4 / 6),
        ("log_sigmoid", -2, -2 - math.log1p(math.exp(-2))),
    ],
)
def test_values_with_a_constant_in_them_are_the_formulas(name, z, value):
    assert curve(name, [z])[0][0] == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "z", "value", "derivative"),
    [
        ("elu", -1e-10, math.expm1(-1e-10), 1),
        ("celu", -1e-10, math.expm1(-1e-10), 1),
        ("selu", -1e-10, 1.0507009873554805 * 1.6732632423543772 * math.expm1(-1e-10), 1.7580993408473766),
        ("softplus", -40, math.exp(-40), math.exp(-40)),
        ("log_sigmoid", 40, -math.exp(-40), math.exp(-40)),
    ],
)
def test_values_and_slopes_next_to_nothing_keep_all_of_their_digits(name, z, value, derivative):
    """Taken as differences of numbers near 1, as their formulas are written, they would lose most of them."""
    (found,), (its_slope,) = curve(name, [z])
    assert found == pytest.approx(value, rel=1e-14, abs=0)
    assert its_slope == pytest.approx(derivative, rel=1e-9, abs=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", KNOWN_LOSSES)
def test_losses_of_outputs_up_to_ten_thousand_are_finite_and_so_are_their_slopes(name, dtype):
    grid = np.array([-1e4, -710, -89, 0, 1e-30, 89, 710, 1e4])
    outputs = np.stack(np.meshgrid(grid, grid, grid)).reshape(3, -1)
    for own in range(3):
        value, error = loss_at(name, outputs, np.eye(3)[:, [own] * outputs.shape[1]], dtype)
        assert math.isfinite(value) and value >= 0
        assert np.isfinite(error).all() and error.dtype == dtype


@pytest.mark.parametrize("name", KNOWN_LOSSES)
def test_a_loss_in_single_precision_follows_the_one_in_double_precision(name):
    rng = np.random.default_rng(0)
    outputs = rng.normal(0, 5, (3, 40)).astype(np.float32)
    target = np.eye(3)[:, rng.integers(0, 3, 40)]
    single, double = (loss_at(name, outputs, target, dtype) for dtype in (np.float32, np.float64))
    assert single[0] == pytest.approx(double[0], rel=1e-5)
    np.testing.assert_allclose(single[1], double[1], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "error", "value", "slope"),
    [
        ("mse", 3, 9, 6),
        ("mae", -3, 3, -1),
        ("mae", 0, 0, 0),
        ("huber", 1, 0.5, 1),
        ("huber", -2, 1.5, -1),
        ("huber 0.3", 0.2, 0.02, 0.2),
        ("huber 0.3", 0.3, 0.045, 0.3),
        ("huber 0.3", 2, 0.3 * (2 - 0.15), 0.3),
        ("smooth_l1", 0.5, 0.125, 0.5),
        ("smooth_l1", -2, 1.5, -1),
        ("smooth_l1 2", 1, 0.25, 0.5),
        ("smooth_l1 2", 5, 4, 1),
    ],
)
def test_losses_of_one_error_are_their_formula_kinks_and_defaults_included(name, error, value, slope):
    for target in (0.0, 1.0):
        found, derivative = loss_at(name, [[target + error]], [[target]])
        assert (found, derivative[0, 0]) == pytest.approx((value, slope), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cross_entropy", math.log(4 / 3)),
        ("binary_cross_entropy", math.log(4 / 3)),
    ],
)
def test_the_loss_of_three_to_one_for_the_right_class_is_the_logarithm_of_four_thirds(name, value):
    if name == "cross_entropy":
        assert loss_at(name, [[0.0], [math.log(3)]], [[0.0], [1.0]])[0] == pytest.approx(value, rel=1e-14)
    else:
        assert loss_at(name, [[math.log(3)]], [[1.0]])[0] == pytest.approx(value, rel=1e-14)
        assert loss_at(name, [[-math.log(3)]], [[0.0]])[0] == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "smooth_l1"])
def test_a_loss_of_values_predicts_the_outputs_as_they_are_and_weighs_elements_alike(name):
    outputs = np.array([[1.0, -2.0], [3.0, 4.0], [5.0, 6.0]])
    assert KNOWN_LOSSES[name].decide(outputs) is outputs
    assert KNOWN_LOSSES[name].mass(outputs.T) == 6


def test_a_loss_of_classes_weighs_rows_or_elements_or_their_classes():
    target = np.eye(3)[:, [0, 1, 1, 2]]
    assert CrossEntropy().mass(target) == 4
    assert CrossEntropy(0.0, (0.5, 2.0, 1.0)).mass(target) == 0.5 + 2 + 2 + 1
    assert BinaryCrossEntropy().mass(target) == 12
    assert BinaryCrossEntropy(0.0, (0.5, 2.0)).mass(target) == 8 * 0.5 + 4 * 2.0
