"""Findings about gradients are made from plain numbers: vanishing, exploding, huge, tiny, zero or healthy."""

import numpy as np
import pytest

from engine.analysis.gradients import (
    EXPLODING_RATIO,
    HUGE_NORM,
    TINY_NORM,
    VANISHING_RATIO,
    ClippingActivity,
    GradientFlow,
    clipping_activity,
    element_magnitudes,
    flow_over_time,
    gradient_flow,
    norm_spread,
)
from engine.analysis.profile import GRADIENT_POWERS, magnitude_counts

NAN = float("nan")
THREE = np.array([1, 2, 3])
FLAT = np.full((4, 3), 0.1)


@pytest.mark.parametrize(
    ("norms", "kind", "layers"),
    [
        ([2e-7, 1e-4, 0.1], "vanishing", (1, 3)),
        ([0.1 * VANISHING_RATIO * 0.99, 0.1, 0.1], "vanishing", (1, 3)),
        ([0.1 * VANISHING_RATIO * 1.01, 0.1, 0.1], "healthy", (1, 3)),
        ([0.1 * EXPLODING_RATIO * 1.01, 1.0, 0.1], "exploding", (1, 3)),
        ([0.1 * EXPLODING_RATIO * 0.99, 1.0, 0.1], "healthy", (1, 3)),
        ([2.0, 3e4, 0.1], "huge", (2,)),
        ([HUGE_NORM, HUGE_NORM, HUGE_NORM], "healthy", (1, 3)),
        ([2e-7, 1e-6, 1e-7], "tiny", (1, 3)),
        ([TINY_NORM, TINY_NORM, TINY_NORM], "healthy", (1, 3)),
        ([0.0, 0.0, 0.1], "zero", (1, 2)),
        ([NAN, np.inf, 0.1], "not_finite", (1, 2)),
    ],
)
def test_the_flow_at_one_step_has_a_kind_and_the_layers_that_it_is_about(norms, kind, layers):
    found = gradient_flow(THREE, np.array(norms))
    assert found is not None and (found.kind, found.layers) == (kind, layers)


def test_the_flow_carries_its_ratio_and_its_largest_norm():
    assert gradient_flow(np.array([2, 5]), np.array([0.5, 0.25])) == GradientFlow("healthy", (2, 5), 2.0, 0.5)


def test_a_single_layer_is_compared_with_nothing():
    found = gradient_flow(np.array([1]), np.array([1e-9]))
    assert found is not None and (found.kind, found.layers, found.largest) == ("single", (1,), 1e-9)


def test_what_was_never_measured_is_no_finding():
    assert gradient_flow(THREE, np.full(3, NAN)) is None
    assert flow_over_time(THREE, FLAT * NAN) is None and norm_spread(THREE, np.zeros((0, 3))) is None
    assert clipping_activity(np.array([NAN, 0.0]), np.array([NAN, 0.0])) is None


@pytest.mark.parametrize(
    ("steps", "kind"), [(1, "vanishing_at_times"), (2, "vanishing_at_times"), (3, "vanishing")]
)
def test_the_flow_over_time_counts_the_steps_in_which_the_first_layer_had_vanished(steps, kind):
    norms = FLAT.copy()
    norms[:steps, 0] = 1e-6
    found = flow_over_time(THREE, norms)
    assert found is not None and (found.kind, found.share, found.layers) == (kind, steps / 4, (1, 3))
    assert found.ratios == pytest.approx((1e-5, 1.0))


def test_records_with_a_norm_that_is_not_finite_are_passed_over():
    norms = FLAT.copy()
    norms[0, 0], norms[1, 0] = NAN, 1e-6
    found = flow_over_time(THREE, norms)
    assert found is not None and found.share == pytest.approx(1 / 3)


def test_the_flow_over_time_tells_healthy_tiny_huge_zero_and_single_apart():
    def kind_of(norms):
        found = flow_over_time(np.arange(1, norms.shape[1] + 1), norms)
        assert found is not None
        return found.kind, found.layers, found.share

    assert kind_of(FLAT) == ("healthy", (1, 3), 0.0)
    assert kind_of(FLAT * 1e-5) == ("tiny", (1, 3), 1.0)
    assert kind_of(FLAT * np.array([1, 1e10, 1])) == ("huge", (2,), 0.0)
    assert kind_of(FLAT[:, :1]) == ("single", (1,), 0.0)
    with_zero = FLAT.copy()
    with_zero[0, 0] = 0
    assert kind_of(with_zero) == ("zero", (1,), 1 / 12)


def test_the_spread_names_the_layers_of_the_smallest_and_the_largest_median():
    found = norm_spread(THREE, FLAT * np.array([1, 10, 0.1]))
    assert found is not None
    assert (found.smallest_layer, found.largest_layer) == (3, 2) and found.factor == pytest.approx(100)
    none = norm_spread(THREE, FLAT * np.array([1, 1, 0]))
    assert none is not None and none.smallest == 0 and none.factor == np.inf


def test_half_of_the_elements_lie_below_the_magnitude_that_is_named():
    values = np.array([0.0, 1e-5, 1e-5, 1e-5])
    found = element_magnitudes(magnitude_counts(values), GRADIENT_POWERS)
    assert found is not None and found.zero_share == 0.25
    assert 1e-5 < found.median_below < 2e-5
    zeros = element_magnitudes(magnitude_counts(np.zeros(3)), GRADIENT_POWERS)
    assert zeros is not None and (zeros.zero_share, zeros.median_below) == (1.0, 0.0)
    assert element_magnitudes(magnitude_counts(np.array([NAN])), GRADIENT_POWERS) is None


def test_clipping_is_counted_over_the_records_with_a_gradient():
    before = np.array([NAN, 2.0, 4.0, 0.5, 0.5])
    found = clipping_activity(before, np.minimum(before, 1))
    assert found == ClippingActivity(records=4, share=0.5, kept=0.375, median=1.25, largest=4.0)
    never = clipping_activity(before, before)
    assert never is not None and (never.share, never.kept) == (0.0, 1.0)


def test_a_huge_flow_counts_the_records_after_the_first_in_which_a_norm_was_no_number():
    norms = np.vstack([np.full(3, NAN), FLAT[:2] * np.array([1, 1e10, 1]), [0.1, np.inf, 0.1]])
    found = flow_over_time(THREE, norms)
    assert found is not None and found.kind == "huge" and found.broken == pytest.approx(1 / 3)
    healthy = flow_over_time(THREE, FLAT)
    assert healthy is not None and healthy.kind == "healthy" and healthy.broken == 0
