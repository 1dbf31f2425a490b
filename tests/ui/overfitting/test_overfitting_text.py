"""Each sentence of the Overfitting page says what the numbers say, in every state of a run."""

import numpy as np

from engine.analysis.overfitting import SizedRun, judge, stop_early
from engine.training.early_stopping import Patience
from ui.overfitting.text import (
    describe_best,
    describe_data_gain,
    describe_gap,
    describe_sizes,
    describe_stop,
)
from ui.shared.text import NOTHING

NAN = float("nan")
EPOCHS = np.arange(100.0)
TRAIN = np.exp(-EPOCHS / 20)
TURNING = np.where(EPOCHS < 30, 1 - EPOCHS / 50, 0.4 + (EPOCHS - 30) / 100)


def test_the_best_epoch_is_named_with_both_losses():
    sentence = describe_best(judge(TRAIN, TURNING), EPOCHS, TRAIN, TURNING)
    expected = "Best epoch 30: validation loss 0.4, training loss 0.2231. Latest training loss 0.007083."
    assert sentence == expected
    assert describe_best(judge(TRAIN[:0], TRAIN[:0]), EPOCHS[:0], TRAIN[:0], TRAIN[:0]) == NOTHING


def test_the_gap_is_described_beside_the_training_loss():
    sentence = describe_gap(np.array([0.1, 0.4]), np.array([1, 0.2]))
    assert sentence == "Latest gap 0.4, 2 times the training loss; widest 0.4."
    expected = "No gap: validation loss is 0.1 below training loss."
    assert describe_gap(np.array([-0.1]), np.array([0.5])) == expected
    assert "while training loss is 0" in describe_gap(np.array([0.1]), np.array([0.0]))
    assert describe_gap(np.zeros(0), np.zeros(0)) == NOTHING


def test_patience_is_described_with_its_gain_and_its_price():
    assert describe_stop(stop_early(TURNING, EPOCHS, Patience(10)), 10, EPOCHS, TURNING) == (
        "With a patience of 10 epochs training stops at epoch 40 with a validation loss of 0.4, saving "
        "60 % of the "
        "epochs. Later epochs are no better; the latest has 1.09."
    )
    bumpy, first = np.array([3.0, 2.0, 2.5, 1.0, 0.5]), EPOCHS[:5]
    early = describe_stop(stop_early(bumpy, first, Patience(1)), 1, first, bumpy)
    assert early.startswith("With a patience of 1 epoch training stops at epoch 2")
    assert early.endswith("Too early: epoch 4 reaches 0.5.")
    never = describe_stop(stop_early(bumpy, first, Patience(9)), 9, first, bumpy)
    assert never.endswith("does not stop early; the best weights (epoch 4) give 0.5, the latest 0.5.")


def test_a_learning_curve_says_whether_more_data_would_help():
    rows, falling, flat = np.array([10, 50, 100]), np.array([2.0, 1.0, 0.5]), np.array([0.4, 0.3, 0.3])
    assert describe_data_gain(rows, falling, falling) == (
        "More data would help: going from 50 to 100 rows lowered the best validation loss by 50 %. From "
        "10 to 100 "
        "rows: last 2 to 0.5, best 2 to 0.5."
    )
    assert describe_data_gain(rows, falling, flat).startswith("More data only delays overfitting")
    assert describe_data_gain(rows, flat, flat).startswith("More data would help little: from 50 to 100 rows")
    assert "From 10 to 50 rows" in describe_data_gain(rows, np.array([2.0, 1.0, NAN]), falling)
    assert describe_data_gain(rows[:1], falling[:1], flat[:1]) == "Needs at least two finished sizes."


def test_the_largest_network_is_compared_with_the_smallest():
    small, large = SizedRun(1, "", 10, 0.1), SizedRun(2, "", 1000, 0.4)
    assert describe_sizes([small, large]) == (
        "The largest network has a wider gap: 0.4 (run 2, 1,000 parameters) against 0.1 (run 1, 10 "
        "parameters)."
    )
    assert "has no wider gap: 0.05" in describe_sizes([small, SizedRun(2, "", 1000, 0.05)])
    assert describe_sizes([small]) == "Choose at least two runs to compare the sizes of their networks."
    assert "size is not what differs" in describe_sizes([small, SizedRun(3, "", 10, 0.2)])
