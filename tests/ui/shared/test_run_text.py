"""Sentences about runs say what their numbers say."""

import numpy as np
import pandas as pd
import pytest

from ui.shared.run_text import comparison_words, loss_words


def frame(**columns):
    return pd.DataFrame({name: np.array(values, dtype=float) for name, values in columns.items()})


@pytest.mark.parametrize(
    ("column", "lasts", "sentence"),
    [
        ("val_loss", {1: 0.5}, "Run 1 stands at a validation loss of 0.5."),
        (
            "val_loss",
            {1: 0.5, 2: 0.25, 3: 1.0},
            "The lowest validation loss at the end has run 2, 0.25; run 3 stands at 1.",
        ),
        (
            "val_accuracy",
            {1: 0.5, 2: 0.9},
            "The highest validation accuracy at the end has run 2, 0.9; run 1 stands at 0.5.",
        ),
        ("train_loss", {1: 0.5, 2: 0.501}, "All runs stand within 2 % of each other: training loss 0.5."),
        ("grad_norm", {1: np.nan}, "Nothing is measured yet."),
    ],
)
def test_the_best_of_several_runs_is_named_by_what_the_metric_means(column, lasts, sentence):
    frames = [
        (run, frame(**{column: [9.0 if last == last else np.nan, last, np.nan]}))
        for run, last in lasts.items()
    ]
    assert comparison_words(frames, column) == sentence


def test_a_run_whose_validation_loss_turned_is_said_to_overfit():
    steps = np.arange(101.0)
    train, val = 1 / (1 + steps), 0.2 + 0.5 * np.exp(-steps / 10) + 0.01 * steps
    told = loss_words(frame(step=steps, epoch=steps / 10, train_loss=train, val_loss=val))
    assert told.startswith("Overfitting began at step ")
    blank = frame(step=[0], epoch=[0], train_loss=[np.nan], val_loss=[np.nan])
    assert loss_words(blank) == "Nothing is measured yet."
