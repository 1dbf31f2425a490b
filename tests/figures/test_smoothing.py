"""Smoothing tells the truth: no bias at the start, no lost spike, constants left alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.figures.curves import compare_runs
from engine.figures.smoothing import (
    BUCKETS_AT_MOST,
    MEDIANS_AT_MOST,
    Smoothing,
    difference,
    envelope,
    middle_of,
    smoothed,
)

POINTS = st.lists(st.tuples(st.floats(0, 1e3), st.floats(-1e6, 1e6)), min_size=1, max_size=50)
CURVES = POINTS.map(lambda points: (np.sort([x for x, _ in points]), np.array([y for _, y in points])))
WEIGHTS = st.floats(0, 0.99)


@given(CURVES, WEIGHTS)
def test_a_smoothed_curve_begins_where_it_was_measured_and_stays_between_the_extremes(curve, weight):
    x, values = curve
    found = smoothed(x, values, weight)
    tiny = 1e-9 * (1 + np.abs(values).max())
    assert found[0] == pytest.approx(values[0], abs=tiny)
    assert values.min() - tiny <= found.min() and found.max() <= values.max() + tiny


@given(CURVES, WEIGHTS, st.integers(1, 50))
def test_points_that_come_later_do_not_change_those_before_them(curve, weight, count):
    x, values = curve
    begun = smoothed(x[:count], values[:count], weight)
    np.testing.assert_allclose(begun, smoothed(x, values, weight)[: len(begun)], rtol=1e-9, atol=1e-9)


def test_each_point_is_the_mean_of_the_line_before_it_weighted_by_distance():
    x, values, weight = np.array([0.0, 1.0, 1.5, 4.0]), np.array([3.0, -1.0, 4.0, 1.0]), 0.7
    fine = np.linspace(0, 4, 400_001)
    line = np.interp(fine, x, values)
    for place, found in zip(x[1:], smoothed(x, values, weight)[1:], strict=True):
        before = fine <= place
        share = weight ** (place - fine[before])
        expected = np.trapezoid(share * line[before], fine[before]) / np.trapezoid(share, fine[before])
        assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("is_log", [False, True])
def test_how_densely_a_run_was_recorded_does_not_change_what_smoothing_shows(is_log):
    """A run with equal values at equal steps gave .102 where it was recorded densely and .564 where not."""
    steps = np.arange(0.0, 2001.0)
    loss = np.interp(steps, np.arange(0.0, 2001.0, 50.0), np.exp(-np.arange(0.0, 2001.0, 50.0) / 300))
    sparse = slice(None, None, 50)
    chart = Smoothing.over([steps, steps[sparse]], 0.9, is_log=is_log)
    dense = chart(steps, loss)[sparse]
    tolerance = 0.05 if is_log else 1e-9  # between two points a logarithmic axis has no straight line
    np.testing.assert_allclose(chart(steps[sparse], loss[sparse]), dense, atol=tolerance)


def test_noise_is_smoothed_by_the_same_share_of_the_chart_whatever_its_axis_counts():
    epochs, values = np.linspace(0, 10, 201), np.random.default_rng(0).normal(size=201)
    by_epoch = Smoothing.over([epochs], 0.8)(epochs, values)
    by_step = Smoothing.over([37 * epochs], 0.8)(37 * epochs, values)
    np.testing.assert_allclose(by_epoch, by_step, rtol=1e-9)
    assert by_epoch.std() < values.std() / 2


def test_points_at_one_place_and_a_chart_of_one_place_are_taken_as_they_are():
    x, values = np.array([0.0, 0.0, 1.0]), np.array([1.0, 5.0, 5.0])
    assert smoothed(x, values, 0.5)[:2].tolist() == [1.0, 5.0]
    assert Smoothing.over([np.zeros(3)], 0.5)(np.zeros(3), values) is values
    assert Smoothing.over([np.zeros(0)], 0.5)(x, values) is values


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.99])
def test_a_constant_curve_is_left_alone_to_the_last_bit(weight):
    constant = np.full(100, 0.1)
    assert smoothed(np.arange(100.0), constant, weight) is constant


@pytest.mark.parametrize("count", [0, 1, BUCKETS_AT_MOST, BUCKETS_AT_MOST + 1, 10_000])
def test_the_band_keeps_every_spike_in_few_points(count):
    y = np.sin(np.arange(float(count)))
    if count:
        y[count // 2] = 99.0
    x, lowest, highest, size = envelope(np.arange(float(count)), y)
    assert len(x) == len(lowest) == len(highest) <= BUCKETS_AT_MOST
    assert (lowest <= highest).all() and size == 2 ** int(np.log2(size))
    if count:
        assert (highest.max(), lowest.min()) == (99.0, y.min())


def test_few_points_are_their_own_middle_and_many_have_a_median_and_four_fifths_around_it():
    x, y = np.arange(1000.0), np.random.default_rng(0).normal(size=1000)
    few = middle_of(x[:MEDIANS_AT_MOST], y[:MEDIANS_AT_MOST])
    assert few.size == 1 and few.median is few.low is few.high
    found = middle_of(x, y)
    assert found.size == 8 and len(found.x) == 125
    assert found.median[3] == np.median(y[24:32]) and found.x[3] == 27
    assert (found.low <= found.median).all() and (found.median <= found.high).all()
    inside = [
        low <= value <= high
        for value, low, high in zip(y, *(np.repeat(end, 8) for end in (found.low, found.high)), strict=True)
    ]
    assert 0.7 <= np.mean(inside) <= 0.9
    later = middle_of(np.arange(1008.0), np.append(y, np.ones(8)))
    np.testing.assert_array_equal(later.median[:-1], found.median)


def test_a_longer_curve_changes_only_the_end_of_its_band():
    y = np.random.default_rng(0).normal(size=1020)
    before = envelope(np.arange(1000.0), y[:1000])
    after = envelope(np.arange(1020.0), y)
    kept = len(before[0]) - 1
    for old, new in zip(before[:3], after[:3], strict=True):
        np.testing.assert_array_equal(old[:kept], new[:kept])


def test_a_difference_covers_what_both_curves_cover():
    x, y = difference(
        np.array([0.0, 1, 2, 5]), np.array([1.0, 1, 1, 1]), np.array([1.0, 3]), np.array([0.0, 2])
    )
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0], [1.0, 0.0])
    assert [len(part) for part in difference(x, y, x[:0], y[:0])] == [0, 0]


def frame(losses):
    steps = np.arange(len(losses))
    measured = {"batch_loss": 0.5, "grad_norm": 0.1, "penalty": 0.0, "train_loss": losses}
    return pd.DataFrame({"step": steps, "epoch": steps / 2, "samples": steps * 32, **measured})


def lines(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data if trace.mode == "lines"}


def test_smoothing_leaves_the_measured_line_and_its_band_behind_the_smooth_one():
    losses = np.sin(np.arange(1000.0))
    found = lines(compare_runs({4: frame(losses)}, ["train_loss"], smoothing=0.9))
    np.testing.assert_array_equal(found["run 4 measured"].y, losses)
    at = np.asarray(found["run 4"].x, float)
    np.testing.assert_array_equal(found["run 4"].y, Smoothing.over([at], 0.9)(at, losses))
    assert [name for name, trace in found.items() if trace.showlegend is not False] == ["run 4"]
    assert found["run 4 band of 4, highest"].fill == "tonexty"
    assert list(lines(compare_runs({4: frame(losses)}, ["train_loss"]))) == ["run 4"]


def test_a_baseline_is_the_zero_line_and_the_others_differ_from_it():
    both = {1: frame(np.array([3.0, 2.0, 1.0])), 2: frame(np.array([4.0, 2.0, 0.5]))}
    figure: Any = compare_runs(both, ["train_loss"], x="samples", log_x=True, baseline=1)
    found = lines(figure)
    assert list(found) == ["run 2"] and list(found["run 2"].y) == [1.0, 0.0, -0.5]
    assert figure.layout.xaxis.type == "log" and "difference from run 1" in str(
        figure.layout.yaxis.title.text
    )
