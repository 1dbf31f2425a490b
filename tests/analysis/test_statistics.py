"""Intervals and tests equal the textbook's, and equal candidates are told apart in 5 % of tables at most."""

import numpy as np
import pytest
from scipy import stats

from engine.analysis.statistics import compare, holm, interval_over, mean_interval, paired_difference

NAN = float("nan")
# Hours of sleep gained with each of two drugs by ten patients (Student, 1908).
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def by_seed(values, seeds=None):
    return dict(zip(seeds or range(len(values)), values, strict=True))


def test_students_own_example_comes_out_as_in_the_textbook():
    found = paired_difference(by_seed(FIRST), by_seed(SECOND))
    interval = found.interval
    assert interval.mean == pytest.approx(-1.58)
    assert interval.mean - interval.half == pytest.approx(-2.459886, abs=1e-6)
    assert interval.mean + interval.half == pytest.approx(-0.7001142, abs=1e-6)
    assert found.p == pytest.approx(0.00283289, abs=1e-8)
    assert (interval.n, found.unpaired) == (10, ())


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_means_and_paired_tests_equal_scipys(n):
    generator = np.random.default_rng(n)
    first, second = generator.normal(0.3, 1, n), generator.normal(0, 1, n)
    expected = stats.ttest_rel(first, second)
    interval = expected.confidence_interval(0.95)
    found = paired_difference(by_seed(first), by_seed(second))
    assert found.p == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.interval.mean - found.interval.half == pytest.approx(interval.low)
    assert found.interval.mean + found.interval.half == pytest.approx(interval.high)
    one = mean_interval(first)
    low, high = stats.t.interval(0.95, n - 1, first.mean(), stats.sem(first))
    assert (one.mean - one.half, one.mean + one.half) == pytest.approx((low, high))


def test_equal_values_have_no_spread_whatever_their_sum_rounds_off():
    one = mean_interval([0.88] * 5)
    assert (one.mean, one.half) == (0.88, 0.0)
    assert np.std([0.88] * 5) > 0  # the case: a plain standard deviation is not zero


def test_an_interval_over_curves_is_that_of_each_point():
    curves = np.random.default_rng(0).normal(size=(4, 3))
    mean, half = interval_over(curves)
    for point in range(3):
        one = mean_interval(curves[:, point])
        assert (mean[point], half[point]) == pytest.approx((one.mean, one.half))


def test_one_value_has_a_mean_and_no_interval_and_none_has_neither():
    assert mean_interval([0.5]).mean == 0.5
    assert np.isnan(mean_interval([0.5]).half) and mean_interval([0.5]).n == 1
    assert np.isnan(mean_interval([]).mean) and mean_interval([]).n == 0


def test_pairs_are_made_by_seed_whatever_the_order_and_seeds_without_a_partner_are_named():
    first, second = {3: 1.0, 1: 4.0, 7: 9.0}, {1: 1.0, 3: 0.5, 8: 100.0}
    found = paired_difference(first, second)
    assert (found.interval.mean, found.interval.n, found.unpaired) == (1.75, 2, (7, 8))


@pytest.mark.parametrize(("n", "gain", "p"), [(3, 0.1, 0.25), (6, 0.1, 1 / 32), (6, 0.0, 1.0), (1, 0.1, NAN)])
def test_equal_differences_are_judged_by_their_signs(n, gain, p):
    """Their spread is 0, and with it p would be 0 after two pairs already; rounding makes it no better."""
    before = [0.7 + 0.1 * seed for seed in range(n)]
    found = paired_difference(by_seed([value + gain for value in before]), by_seed(before))
    assert found.p == pytest.approx(p, nan_ok=True)


def test_holm_steps_down_from_the_smallest_never_falls_and_passes_over_what_is_unknown():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.04, NAN, 0.01]) == pytest.approx([0.04, NAN, 0.02], nan_ok=True)
    assert holm([0.6, 0.9]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_with_a_baseline_each_other_candidate_is_one_comparison():
    tables = [by_seed(np.random.default_rng(i).normal(i, 1, 6)) for i in range(4)]
    found = compare(tables, reference=1)
    assert [(each.candidate, each.reference, each.family) for each in found] == [
        (0, 1, 3),
        (2, 1, 3),
        (3, 1, 3),
    ]
    assert found[2].difference.interval.mean > 0
    assert [each.p for each in found] == pytest.approx(holm([each.difference.p for each in found]))


def test_without_one_all_are_held_against_the_best_and_every_pair_counts():
    tables = [by_seed(np.random.default_rng(i).normal(i, 1, 6)) for i in range(4)]
    found = compare(tables)
    assert [(each.candidate, each.reference, each.family) for each in found] == [
        (0, 3, 6),
        (1, 3, 6),
        (2, 3, 6),
    ]
    assert all(each.difference.interval.mean < 0 for each in found)
    assert {each.reference for each in compare(tables, higher_is_better=False)} == {0}


def test_a_candidate_without_a_value_is_neither_best_nor_compared():
    found = compare([{0: 1.0, 1: 2.0}, {}, {0: 0.0, 1: 0.5}])
    assert {each.reference for each in found} == {0}
    assert [(each.candidate, each.family, np.isnan(each.p)) for each in found] == [
        (1, 1, True),
        (2, 1, False),
    ]
    assert compare([{}, {}]) == []


def normal(generator, n):
    return generator.normal(size=n)


def of_100_rows(generator, n):
    return generator.binomial(100, 0.9, n) / 100


@pytest.mark.parametrize("reference", [None, 0])
@pytest.mark.parametrize("draw", [normal, of_100_rows])
def test_equal_candidates_are_told_apart_in_one_table_of_twenty_at_most(draw, reference):
    """Five candidates with five seeds each, between which only chance differs: any difference found is false.

    The same tables without the correction show that the test would notice its absence.
    """
    tables, generator = 2000, np.random.default_rng(20)
    false, uncorrected = 0, 0
    for _ in range(tables):
        shared = draw(generator, 5)
        found = compare([by_seed(shared + draw(generator, 5)) for _ in range(5)], reference)
        false += any(each.is_distinguishable for each in found)
        uncorrected += any(each.difference.p < 0.05 for each in found)
    chance = 2.5 * np.sqrt(0.05 * 0.95 / tables)
    assert false / tables <= 0.05 + chance
    assert uncorrected / tables > 0.05 + 2 * chance


def test_a_true_difference_of_two_spreads_is_found_with_ten_seeds():
    generator = np.random.default_rng(3)
    found = [
        compare([by_seed(normal(generator, 10) + 2), by_seed(normal(generator, 10))])[0] for _ in range(50)
    ]
    assert sum(each.is_distinguishable for each in found) > 40
