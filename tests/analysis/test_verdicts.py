"""A verdict says who is better by how much with n and p, or that nothing can be told apart."""

import pytest

from engine.analysis.statistics import Comparison, Difference, Interval, compare
from engine.analysis.verdicts import format_p, measures, verdict

ACCURACY, LOSS = measures("accuracy")["validation accuracy"], measures("r2")["validation loss"]
NAMES = ["A", "B"]


def comparison(mean, half, n, p, unpaired=()):
    return Comparison(0, 1, Difference(Interval(mean, half, n), p, unpaired), p, 1)


@pytest.mark.parametrize(
    ("found", "measure", "sentence"),
    [
        (
            comparison(0.013, 0.006, 5, 0.004),
            ACCURACY,
            "A is better than B by 1.3 ± 0.6 points of accuracy (n = 5 pairs, p = .004).",
        ),
        (
            comparison(0.25, 0.1, 5, 0.0001),
            LOSS,
            "A is worse than B by 0.25 ± 0.10 of validation loss (n = 5 pairs, p < .001).",
        ),
        (
            comparison(-0.25, 0.1, 5, 0.012),
            LOSS,
            "A is better than B by 0.25 ± 0.10 of validation loss (n = 5 pairs, p = .012).",
        ),
        (
            comparison(0.004, 0.021, 3, 0.55),
            ACCURACY,
            "A and B are not distinguishable "
            "(n = 3 pairs, p = .55; difference +0.4 ± 2.1 points of accuracy).",
        ),
        (
            comparison(-0.0001, 0.021, 3, 0.98),
            ACCURACY,
            "A and B are not distinguishable "
            "(n = 3 pairs, p = .98; difference 0.0 ± 2.1 points of accuracy).",
        ),
        (
            comparison(-0.0, 0.0, 3, 1.0),
            ACCURACY,
            "A and B are not distinguishable "
            "(n = 3 pairs, p = 1.00; difference 0.0 ± 0.0 points of accuracy).",
        ),
        (
            comparison(0.1, float("nan"), 1, float("nan"), (4, 5)),
            ACCURACY,
            "A and B are not distinguishable (n = 1 pair, at least 2 needed). Unpaired seeds: 4, 5.",
        ),
    ],
)
def test_a_verdict_names_size_interval_pairs_and_chance(found, measure, sentence):
    assert verdict(found, NAMES, measure) == sentence


def test_candidates_without_a_common_seed_cannot_be_paired():
    (found,) = compare([{0: 1.0}, {1: 2.0}])
    assert "cannot be paired" in verdict(found, NAMES, LOSS)


def test_a_mean_is_told_with_its_interval_and_a_single_run_without():
    assert ACCURACY.format(Interval(0.942, 0.008, 5)) == "94.2 ± 0.8 %"
    assert ACCURACY.format(Interval(0.942, float("nan"), 1)) == "94.2 %"
    assert ACCURACY.format(Interval(float("nan"), float("nan"), 0)) == "–"
    assert ACCURACY.format(Interval(0.9, 0.0, 3)) == "90.0 ± 0.0 %"
    assert LOSS.format(Interval(0.215648, 0.00099, 5)) == "0.21565 ± 0.00099"
    assert LOSS.format(Interval(0.25, 0.0, 3)) == "0.25 ± 0"
    assert LOSS.format(Interval(0.25, float("nan"), 1)) == "0.25"
    assert LOSS.format(Interval(0.23456, 0.0123, 5)) == "0.235 ± 0.012"


def test_a_p_value_is_never_zero_and_one_is_one():
    assert [format_p(p) for p in (0.0, 0.0312, 0.5, 1.0)] == ["p < .001", "p = .031", "p = .50", "p = 1.00"]


@pytest.mark.parametrize(
    ("mean", "half", "accuracy", "loss"),
    [
        (-0.0, 0.0, "0.0 ± 0.0", "0 ± 0"),
        (0.0, 0.0, "0.0 ± 0.0", "0 ± 0"),
        (-1e-6, 0.02, "0.0 ± 2.0", "0.000 ± 0.020"),
        (1e-6, 0.02, "0.0 ± 2.0", "0.000 ± 0.020"),
        (-0.0004, 0.0003, "-0.04 ± 0.03", "-0.00040 ± 0.00030"),
        (-0.00004, 0.00003, "-0.004 ± 0.003", "-0.000040 ± 0.000030"),
        (-0.0004, 0.0, "-0.04 ± 0.00", "-0.0004 ± 0"),
        (0.5, 0.0003, "+50.00 ± 0.03", "+0.50000 ± 0.00030"),
        (-1e-6, float("nan"), "-0.0001", "-1e-06"),
        (0.013, 0.006, "+1.3 ± 0.6", "+0.0130 ± 0.0060"),
    ],
)
def test_a_difference_that_rounds_to_nothing_has_no_sign_and_another_does_not_look_like_it(
    mean, half, accuracy, loss
):
    interval = Interval(mean, half, 3)
    assert ACCURACY.format_difference(interval) == accuracy
    assert LOSS.format_difference(interval) == loss


def test_scores_that_differ_by_rounding_alone_do_not_differ():
    """0.1 + 0.2 is not 0.3 in binary: the difference of equal scores is no 6e-17."""
    values = {seed: 0.3 + seed for seed in range(3)}
    sums = {seed: 0.1 + seed + 0.2 for seed in range(3)}
    for pair in ([values, sums], [sums, values]):
        (found,) = compare(pair)
        assert found.difference.interval == Interval(0.0, 0.0, 3) and found.p == 1
        assert "difference 0.0 ± 0.0 points" in verdict(found, NAMES, ACCURACY)


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((3,), "Unpaired seed: 3."),
        ((1, 2, 3, 4, 5, 6), "Unpaired seeds: 1, 2, 3, 4, 5, 6."),
        ((1, 2, 3, 4, 5, 6, 7), "Unpaired seeds: 1, 2, 3, 4, 5, 6, ..."),
    ],
)
def test_six_unpaired_seeds_are_named_and_more_are_hinted_at(seeds, words):
    found = comparison(0.1, float("nan"), 1, float("nan"), seeds)
    assert verdict(found, NAMES, ACCURACY).partition("needed). ")[2].rstrip(".") == words.rstrip(".")
