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
