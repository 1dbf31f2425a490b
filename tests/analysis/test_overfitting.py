"""Overfitting is told from the losses alone: where it began, and what patience would have given."""

import numpy as np
import pytest

from engine.analysis.overfitting import (
    EarlyStop,
    Gap,
    SizedRun,
    StopGain,
    generalization_gap,
    judge,
    size_effect,
    stop_early,
    stop_gain,
)
from engine.training.early_stopping import Patience

EPOCHS = np.arange(200)
FALLING = np.exp(-EPOCHS / 40)
TURNING = np.where(EPOCHS < 60, 1 - EPOCHS / 100, 0.4 + (EPOCHS - 60) / 200)
NOISE = np.random.default_rng(0).normal(0, 1, len(EPOCHS))


def test_validation_that_turns_while_training_falls_overfits_soon_after_its_minimum():
    verdict = judge(FALLING, TURNING)
    assert verdict.kind == "overfits"
    assert verdict.best == 60
    assert verdict.onset is not None and 60 <= verdict.onset <= 66
    assert (TURNING[verdict.onset + 1 :] > TURNING.min() + verdict.tolerance).all()


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_noise_moves_the_onset_only_a_little(noise):
    onset = judge(FALLING, TURNING + noise * NOISE).onset
    assert onset is not None and 55 <= onset <= 110


@pytest.mark.parametrize(
    ("kind", "train", "validation"),
    [
        ("holds", FALLING, FALLING),
        ("holds", FALLING + 0.3, FALLING + 0.002 * NOISE + 0.3),
        ("apart", FALLING, np.maximum(FALLING, 0.2)),
        ("flat", np.full(200, 0.7), np.full(200, 0.7)),
        ("flat", np.full(200, 0.693), 0.693 + 0.001 * NOISE),
        ("rises", FALLING, np.append(FALLING[:-2] + 0.05, [0.2, 0.25])),
        ("noisy", FALLING + 0.3, np.append(FALLING[:-1] + 0.05 * NOISE[:-1] + 0.3, 0.3)),
    ],
    ids=["falls", "falls with noise", "far above", "constant", "guesses", "rises at the end", "fluctuates"],
)
def test_what_is_no_overfitting_is_told_apart(kind, train, validation):
    assert judge(train, validation).kind == kind
    assert judge(train, validation).onset is None


def test_no_overfitting_is_said_of_no_run_that_ends_far_above_its_minimum():
    """Validation at .491 with its minimum .320 and a gap of .27 was said not to overfit."""
    validation = np.concatenate([np.linspace(0.7, 0.32, 20), [0.33, 0.32, 0.33, 0.4, 0.491]])
    training = np.linspace(0.7, 0.22, 25)
    assert judge(training, validation).kind == "rises"


def test_the_tolerance_of_a_noisy_curve_is_three_deviations_of_its_noise_whatever_it_falls_or_rises():
    for curve in (np.ones(200), TURNING + 0.5):
        draws = np.random.default_rng(0).normal(0, 0.1, (50, 200))
        found = [judge(FALLING, curve + noise).tolerance for noise in draws]
        assert np.mean(found) == pytest.approx(3 * 0.1, rel=0.05)


# Validation is lowest at 10, within its tolerance up to 19, and far above it from 20 to 39.
RISING = np.concatenate([np.linspace(1, 0.5, 11), np.full(9, 0.51), np.full(20, 0.9)])


@pytest.mark.parametrize(
    ("kind", "before_onset", "at_onset", "first_half", "last_half", "last"),
    [
        ("overfits", 0.5, 0.5, 0.4, 0.4, 0.4),
        ("overfits", 0.5, 0.5, 0.6, 0.4, 0.4),
        ("overfits", 0.5, 0.5, 0.4, 0.4, 0.9),
        ("overfits", 0.3, 0.5, 0.4, 0.4, 0.4),
        ("overfits", 0.3, 0.5, 0.6, 0.4, 0.9),
        ("unstable", 0.5, 0.5, 0.5, 0.5, 0.5),
        ("unstable", 0.5, 0.5, 0.4, 0.6, 0.6),
        ("unstable", 0.9, 0.5, 0.6, 0.6, 0.1),
    ],
)
def test_training_loss_still_falls_where_its_last_half_lies_below_its_value_at_the_onset(
    kind, before_onset, at_onset, first_half, last_half, last
):
    parts = ((before_onset, 19), (at_onset, 1), (first_half, 10), (last_half, 9), (last, 1))
    training = np.concatenate([np.full(count, value) for value, count in parts])
    verdict = judge(training, RISING)
    assert (verdict.kind, verdict.best) == (kind, 10)
    assert verdict.onset == (19 if kind == "overfits" else None)


def test_of_four_later_evaluations_the_last_two_are_the_half_that_counts():
    validation = np.array([1, 0.8, 0.6, 0.5, 0.9, 0.9, 0.9, 0.9])
    training = np.array([1, 0.8, 0.6, 0.5, 0.9, 0.9, 0.1, 0.8])
    assert judge(training, validation).kind == "overfits"
    assert judge(training + np.array([0, 0, 0, 0, 0, 0, 0, 0.2]), validation).kind == "unstable"


def test_noise_alone_is_not_overfitting():
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 0.1, (2, 100))
        assert judge(FALLING[:100], 1 + noise[0]).kind not in ("overfits", "holds")


def test_a_run_whose_training_loss_rises_too_is_unstable_and_does_not_overfit():
    assert judge(TURNING, TURNING + 0.1).kind == "unstable"


def test_a_rise_near_zero_that_is_small_beside_the_whole_descent_is_not_overfitting():
    validation = np.where(EPOCHS < 100, 1.0 - EPOCHS / 100 + 1e-4, 2e-3)
    assert judge(FALLING, validation).kind == "holds"
    assert judge(FALLING / 100, validation).kind == "holds"  # 2e-3 beside a descent of 1 is no gap


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_evaluations_give_no_verdict(count):
    assert judge(FALLING[:count], TURNING[:count]).kind == "short"


def test_patience_keeps_the_lowest_loss_before_it_runs_out():
    losses = np.array([5.0, 3.0, 4.0, 4.0, 2.0, 6.0, 6.0, 6.0, 1.0])
    steps = np.arange(len(losses))
    assert stop_early(losses, steps, Patience(1)) == EarlyStop(kept=1, stopped=2)
    assert stop_early(losses, steps, Patience(2)) == EarlyStop(kept=1, stopped=3)
    assert stop_early(losses, steps, Patience(3)) == EarlyStop(kept=4, stopped=7)
    assert stop_early(losses, steps, Patience(4)) == EarlyStop(kept=8, stopped=None)


def test_patience_counts_steps_and_not_evaluations():
    losses, steps = np.array([5.0, 3.0, 4.0, 4.0, 4.0]), np.array([0, 10, 13, 16, 25])
    assert stop_early(losses, steps, Patience(6)) == EarlyStop(kept=1, stopped=3)
    assert stop_early(losses, steps, Patience(7)) == EarlyStop(kept=1, stopped=4)


def test_a_loss_that_is_lower_by_too_little_is_kept_but_does_not_renew_patience():
    losses, steps = np.array([5.0, 3.0, 2.95, 2.95, 1.0]), np.arange(5)
    assert stop_early(losses, steps, Patience(2, 0.1)) == EarlyStop(kept=2, stopped=3)


def test_an_equal_loss_is_no_new_minimum():
    assert stop_early(np.ones(5), np.arange(5), Patience(3)) == EarlyStop(kept=0, stopped=3)


def test_a_single_evaluation_never_stops():
    assert stop_early(np.array([1.0]), np.array([0]), Patience(1)) == EarlyStop(kept=0, stopped=None)


def test_a_stop_is_weighed_by_what_it_keeps_and_what_it_saves():
    losses, epochs = np.array([3.0, 2.0, 2.5, 1.0, 0.5]), np.arange(5.0)
    early = stop_gain(stop_early(losses, epochs, Patience(1)), epochs, losses)
    assert early == StopGain(kept=2.0, lowest=0.5, last=0.5, lowest_at=4, saved=0.5)
    assert early.is_too_early
    never = stop_gain(stop_early(losses, epochs, Patience(9)), epochs, losses)
    assert (never.saved, never.kept, never.is_too_early) == (0.0, 0.5, False)


def test_the_gap_is_its_last_and_its_widest_value_beside_the_training_loss():
    assert generalization_gap(np.array([0.6, 0.4]), np.array([1.0, 0.2])) == Gap(0.4, 0.6, 2.0)
    assert generalization_gap(np.array([0.4]), np.array([0.0])) == Gap(0.4, 0.4, None)
    assert generalization_gap(np.zeros(0), np.zeros(0)) is None


def test_the_largest_network_is_compared_with_the_smallest():
    small, middle, large = (SizedRun(run, "", 10**run, gap) for run, gap in ((1, 0.1), (2, 0.9), (3, 0.4)))
    found = size_effect([middle, large, small])
    assert found is not None and (found.smallest, found.largest) == (small, large)
    assert found.is_comparable and found.is_wider
    same = size_effect([small, SizedRun(4, "", 10, 0.2)])
    assert same is not None and not same.is_comparable
    assert size_effect([small]) is None
