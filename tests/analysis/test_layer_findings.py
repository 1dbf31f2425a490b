"""Findings about layers are made from plain numbers: update ratios, units, activations, weights."""

import numpy as np
import pytest

from engine.analysis.layers import (
    GOOD_RATIO,
    NOTABLE_SHARE,
    ActivationSpread,
    UnitShare,
    activation_spread,
    largest_share,
    update_ratios,
    weight_movement,
)

NAN = float("nan")
THREE = np.array([1, 2, 3])


def test_layers_are_sorted_by_their_median_update_against_the_good_band():
    found = update_ratios(np.arange(1, 5), np.array([[1e-5, 0.01, 0.5, 0.0]] * 3))
    assert found is not None and not found.is_good
    assert (found.frozen, found.slow, found.fast) == ((4,), (1,), (3,))
    assert (found.smallest, found.largest) == (1e-5, 0.5)


@pytest.mark.parametrize(("ratio", "is_good"), [(GOOD_RATIO[0], True), (GOOD_RATIO[1], True), (0.001, False)])
def test_the_ends_of_the_band_belong_to_it(ratio, is_good):
    found = update_ratios(THREE, np.full((2, 3), ratio))
    assert found is not None and found.is_good is is_good


def test_what_was_never_measured_is_no_finding():
    assert (
        update_ratios(THREE, np.full((2, 3), NAN)) is None and largest_share(THREE, np.full(3, NAN)) is None
    )
    assert activation_spread(THREE, np.full(3, NAN)) is None


def test_the_layer_with_most_dead_units_is_named_and_whether_that_matters():
    assert largest_share(THREE, np.array([0.1, 0.6, NAN])) == UnitShare(2, 0.6, is_notable=True)
    assert largest_share(THREE, np.array([0.0, NOTABLE_SHARE, 0.1])) == UnitShare(2, NOTABLE_SHARE, False)


def test_the_signal_is_lost_where_outputs_hardly_differ_beside_those_of_other_layers():
    found = activation_spread(THREE, np.array([0.4, 0.001, 0.2]))
    assert found == ActivationSpread((1, 3), (0.4, 0.2), 2, 0.001, is_lost=True)
    kept = activation_spread(THREE, np.array([NAN, 0.4, 0.2]))
    assert kept == ActivationSpread((2, 3), (0.4, 0.2), 3, 0.2, is_lost=False)


def test_the_way_of_weights_is_measured_by_their_first_length():
    first = np.array([1.0, -1.0])
    little, half = weight_movement(first, first * 1.001), weight_movement(first, first * 1.5)
    assert little is not None and little.is_little and little.ratio == pytest.approx(0.001)
    assert half is not None and not half.is_little and half.ratio == pytest.approx(0.5)
    assert half.stds == pytest.approx((1.0, 1.5))
    from_zero = weight_movement(first * 0, first)
    assert from_zero is not None and from_zero.ratio is None and not from_zero.is_little
    assert weight_movement(first, first * NAN) is None
