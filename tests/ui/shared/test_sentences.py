"""Each sentence under a picture says what the numbers say, sick or healthy, measured or not."""

import numpy as np
import pytest

from engine.analysis.overfitting import judge, stop_early
from engine.analysis.profile import GRADIENT_POWERS, magnitude_counts
from engine.figures.overfitting import SizedRun
from engine.training.early_stopping import Patience
from ui.gradients.text import (
    NOTHING,
    activation_words,
    clipping_words,
    few,
    flow_words,
    gradient_cloud_words,
    limit_words,
    listed,
    ratio_words,
    share,
    spread_words,
    time_words,
    unit_words,
    weight_cloud_words,
)
from ui.overfitting.text import curve_words, gap_words, size_words, stop_words, verdict_words

NAN = float("nan")
THREE = np.array([1, 2, 3])
FLAT = np.full((4, 3), 0.1)


@pytest.mark.parametrize(
    ("norms", "said"),
    [
        (
            [2e-7, 1e-4, 0.1],
            "Layer 1's gradient is 2e-6 of layer 3's: almost nothing of the error reaches it",
        ),
        ([5e-5, 1e-3, 0.1], "0.0005 of layer 3's: little of the error reaches it"),
        ([3e4, 2e3, 0.1], "Gradients are huge, 30,000 in layer 1"),
        ([2e-7, 1e-6, 1e-7], "All gradients are tiny, 1e-6 at most: the run stands still here"),
        ([50.0, 5.0, 0.1], "500 times layer 3's: it grows on its way back"),
        ([0.9, 0.2, 0.1], "Layer 1's gradient is 9 times layer 3's: the error reaches all layers"),
        ([0.1, 0.2, 0.1], "the error reaches all layers"),
        ([0.0, 0.0, 0.1], "The gradient of layers 1, 2 is exactly 0"),
        ([NAN, np.inf, 0.1], "The gradient of layers 1, 2 is no longer a number"),
        ([NAN, NAN, NAN], NOTHING),
    ],
)
def test_the_way_of_the_gradient_is_told(norms, said):
    assert said in flow_words(THREE, np.array(norms))


def test_a_single_layer_is_compared_with_nothing():
    assert flow_words(np.array([1]), np.array([0.5])) == "One layer: its gradient norm is 0.5."


def test_layers_are_listed_as_people_do():
    assert listed(np.array([3])) == "layer 3"
    assert listed(THREE) == "layers 1 to 3"
    assert listed(np.array([1, 3])) == "layers 1, 3"
    assert listed(np.arange(1, 20, 2)) == "layers 1, 3, 5, 7, 9, 11 and more"


def test_numbers_have_two_digits_and_short_powers():
    assert [few(value) for value in (2.123e-6, 0.12, 1, 12.3, 99.99, 543, 94_999, 3.2e10, NAN)] == [
        *("2.1e-6", "0.12", "1", "12", "100", "540", "95,000", "3.2e10", "nan")
    ]


def test_a_share_is_never_rounded_to_none_or_all():
    assert [share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 %",
        "less than 1 %",
        "50 %",
        "more than 99 %",
        "100 %",
    ]


def test_time_words_count_the_steps_in_which_the_first_layer_had_vanished():
    norms = FLAT.copy()
    norms[:3, 0] = 1e-6
    assert "In 75 % of the recorded steps layer 1's gradient was less than a thousandth" in time_words(
        THREE, norms
    )
    assert "no shadow" in time_words(THREE, FLAT)
    assert "In 100 % of the recorded steps all gradients were below 1e-5" in time_words(THREE, FLAT * 1e-5)
    assert "The largest gradient norm is 1e9, in layer 1: the run explodes" in time_words(THREE, FLAT * 1e10)
    norms[0, 0] = 0
    assert "8 % of the gradients shown are exactly 0 (layer 1)" in time_words(THREE, norms)
    assert time_words(THREE, FLAT * NAN) == NOTHING


def test_spread_words_name_the_smallest_and_the_largest_layer():
    told = spread_words(THREE, FLAT * np.array([1, 10, 0.1]))
    assert "a factor of 100 apart: smallest in layer 3 (0.01), largest in layer 2 (1)" in told


def test_ratio_words_name_the_layers_outside_the_band():
    assert "the learning rate fits" in ratio_words(THREE, np.full((2, 3), 0.01))
    told = ratio_words(THREE, np.array([[1e-5, 0.01, 0.5]]))
    assert "layer 1 below the band (smallest 1e-5)" in told and "layer 3 above it (largest 0.5)" in told
    assert "layers 1 to 3 below the band (smallest 0): standing still" in ratio_words(THREE, np.zeros((2, 3)))
    assert ratio_words(THREE, np.full((2, 3), NAN)) == NOTHING


def test_unit_words_name_the_worst_layer_and_say_so_when_there_is_none():
    assert "in layer 2, where 60 % of the outputs are saturated: they pass" in unit_words(
        THREE, np.array([0.1, 0.6, NAN]), "saturated"
    )
    assert unit_words(THREE, np.zeros(3), "dead") == "No unit is dead."
    assert "neither die nor saturate" in unit_words(THREE, np.full(3, NAN), "")


def test_activation_words_name_the_layer_where_the_signal_is_lost():
    told = activation_words(THREE, np.array([0.4, 0.001, 0.2]))
    assert "from 0.4 to 0.2; in layer 2 it is 0.001: hardly any difference gets through" in told


def test_cloud_words_give_the_median_magnitude_and_the_zeros():
    values = np.array([0.0, 1e-5, 1e-5, 1e-5])
    told = gradient_cloud_words(2, magnitude_counts(values), GRADIENT_POWERS)
    assert told == "Half of layer 2's gradient elements lie below 1.8e-5; 25 % are exactly 0."
    assert "100 % are exactly 0" in gradient_cloud_words(1, magnitude_counts(np.zeros(3)), GRADIENT_POWERS)
    lost = gradient_cloud_words(1, magnitude_counts(np.array([NAN])), GRADIENT_POWERS)
    assert lost == "In the newest snapshot layer 1's gradient is no longer a number."


def test_weights_that_stood_still_have_hardly_learned():
    first = np.array([1.0, -1.0])
    assert "moved by less than 1 % of their length" in weight_cloud_words(1, first, first * 1.001)
    assert "hardly learned" in weight_cloud_words(1, first, first * 1.001)
    assert "moved by 50 % of their length" in weight_cloud_words(1, first, first * 1.5)
    assert "moved by 9 times their length" in weight_cloud_words(1, first, first * 10)
    assert "no longer numbers" in weight_cloud_words(1, first, first * NAN)


def test_clipping_words_count_the_steps_and_what_was_left():
    before = np.array([NAN, 2.0, 4.0, 0.5, 0.5])
    told = clipping_words(before, np.minimum(before, 1), is_set=True)
    assert told == "Clipping acted in 50 % of the 4 recorded steps and left 38 % of the norm there (median)."
    assert "never acted" in clipping_words(before, before, is_set=True)
    assert "No clipping is set; the norm's median is 1.2" in clipping_words(before, before, is_set=False)


def test_limits_are_told_in_the_order_in_which_they_act():
    limits = {"clip_norm": 5.0, "clip_layer_norm": 1.0, "clip_value": 0.1}
    told = " Limits in their order: clip_value 0.1, then clip_layer_norm 1, then clip_norm 5."
    assert limit_words(limits) == told
    assert limit_words({"clip_norm": None, "optimizer": "sgd"}) == ""


EPOCHS = np.arange(100.0)
TRAIN = np.exp(-EPOCHS / 20)
TURNING = np.where(EPOCHS < 30, 1 - EPOCHS / 50, 0.4 + (EPOCHS - 30) / 100)


def test_the_verdict_names_step_and_epoch_only_for_a_run_that_overfits():
    told = verdict_words(judge(TRAIN, TURNING), EPOCHS * 10, EPOCHS, TURNING)
    assert told.startswith("Overfitting began at step 3") and "lowest validation loss 0.4 at step 300" in told
    falling = verdict_words(judge(TRAIN, TRAIN), EPOCHS, EPOCHS, TRAIN)
    assert falling.startswith("No overfitting")
    rising = verdict_words(judge(TURNING, TURNING), EPOCHS, EPOCHS, TURNING)
    assert rising.startswith("Not overfitting")
    assert "five are needed" in verdict_words(judge(TRAIN[:2], TRAIN[:2]), EPOCHS[:2], EPOCHS[:2], TRAIN[:2])


def test_the_gap_is_told_beside_the_training_loss():
    assert "the gap is 0.4, 2 times the training loss" in gap_words(np.array([0.1, 0.4]), np.array([1, 0.2]))
    assert "nothing is learned by heart" in gap_words(np.array([-0.1]), np.array([0.5]))


def test_patience_is_told_with_its_gain_and_its_price():
    assert "stops at epoch 40 and keeps 0.4; 60 % of the training is spared" in stop_words(
        stop_early(TURNING, EPOCHS, Patience(10)), 10, EPOCHS, TURNING
    )
    bumpy = np.array([3.0, 2.0, 2.5, 1.0, 0.5])
    assert "Too impatient: at epoch 4 it would have found 0.5" in stop_words(
        stop_early(bumpy, EPOCHS[:5], Patience(1)), 1, EPOCHS[:5], bumpy
    )
    assert "would not have stopped early" in stop_words(
        stop_early(bumpy, EPOCHS[:5], Patience(9)), 9, EPOCHS[:5], bumpy
    )


def test_a_learning_curve_says_whether_more_data_would_help():
    rows, falling, flat = np.array([10, 50, 100]), np.array([2.0, 1.0, 0.5]), np.array([0.4, 0.3, 0.3])
    assert "still gained 50 % of the best: more data would help" in curve_words(rows, falling, falling)
    assert "puts overfitting off" in curve_words(rows, falling, flat)
    assert "more data alone would help little" in curve_words(rows, flat, flat)
    assert "From 10 to 50 rows" in curve_words(rows, np.array([2.0, 1.0, NAN]), falling)
    assert "needs two finished sizes" in curve_words(rows[:1], falling[:1], flat[:1])


def test_the_largest_network_is_compared_with_the_smallest():
    small, large = SizedRun(1, "", 10, 0.1), SizedRun(2, "", 1000, 0.4)
    assert "largest network (1,000 parameters, run 2: 0.4) is wider" in size_words([small, large])
    assert "Choose two runs or more" in size_words([small])
    assert "settings, not size, differ" in size_words([small, SizedRun(3, "", 10, 0.2)])
