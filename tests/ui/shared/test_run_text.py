"""Sentences about runs say what their numbers say."""

import numpy as np
import pandas as pd
import pytest

from engine.analysis.overfitting import judge
from ui.shared.run_text import describe_loss, describe_overfitting, describe_ranking

EPOCHS = np.arange(100.0)
TRAIN = np.exp(-EPOCHS / 20)
TURNING = np.where(EPOCHS < 30, 1 - EPOCHS / 50, 0.4 + (EPOCHS - 30) / 100)


def frame(**columns):
    return pd.DataFrame({name: np.array(values, dtype=float) for name, values in columns.items()})


@pytest.mark.parametrize(
    ("column", "lasts", "sentence"),
    [
        ("val_loss", {1: 0.5}, "Run 1: validation loss 0.5."),
        (
            "val_loss",
            {1: 0.5, 2: 0.25, 3: 1.0},
            "Run 2 has the lowest validation loss (0.25), run 3 the highest (1).",
        ),
        (
            "val_accuracy",
            {1: 0.5, 2: 0.9},
            "Run 2 has the highest validation accuracy (0.9), run 1 the lowest (0.5).",
        ),
        ("train_loss", {1: 0.5, 2: 0.501}, "All runs are within 2 % of each other: training loss 0.5."),
        ("grad_norm", {1: np.nan}, "No measurements yet."),
    ],
)
def test_the_best_and_the_worst_of_several_runs_are_named_by_what_the_metric_means(column, lasts, sentence):
    frames = [
        (run, frame(**{column: [9.0 if last == last else np.nan, last, np.nan]}))
        for run, last in lasts.items()
    ]
    assert describe_ranking(frames, column) == sentence


def test_a_run_whose_validation_loss_turned_is_said_to_overfit():
    table = frame(step=10 * EPOCHS, epoch=EPOCHS, train_loss=TRAIN, val_loss=TURNING)
    assert describe_loss(table) == (
        "Overfitting since epoch 32. Best validation loss 0.4 at epoch 30, latest 1.09, while training "
        "loss kept "
        "falling."
    )
    blank = frame(step=[0], epoch=[0], train_loss=[np.nan], val_loss=[np.nan])
    assert describe_loss(blank) == "No measurements yet."


@pytest.mark.parametrize(
    ("train", "val", "start"),
    [
        (TRAIN, TRAIN, "No overfitting: validation loss stays near its best (0.00708 at epoch 99)."),
        (
            TURNING,
            TURNING,
            "Unstable, not overfitting: after its best (0.4 at epoch 30) validation loss rose",
        ),
        (TRAIN[:2], TRAIN[:2], "Too few evaluations for a verdict: 2, at least 5 are needed."),
    ],
    ids=["falls", "both rise", "short"],
)
def test_a_run_that_does_not_overfit_is_told_from_an_unstable_and_a_short_one(train, val, start):
    assert describe_overfitting(judge(train, val), EPOCHS[: len(val)], val).startswith(start)
