"""Sentences about several runs say what their numbers say, and rank nothing that cannot be compared."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from engine.analysis.comparable import Incomparable
from ui.shared.run_text import describe_ranking

NAN = float("nan")


def ranking(
    column: str, lasts: dict[int, float], states: dict[int, str] | None = None, reason: Any = None
) -> str:
    states = states or {}
    found = [(run, states.get(run, "finished")) for run in lasts]
    rows: list[Any] = [
        SimpleNamespace(id=run, status=state, ended=state not in ("running", "queued"))
        for run, state in found
    ]
    frames = {
        run: pd.DataFrame({column: [9.0 if last == last else NAN, last, NAN]}) for run, last in lasts.items()
    }
    return describe_ranking(rows, frames, column, reason)


@pytest.mark.parametrize(
    ("column", "lasts", "sentence"),
    [
        ("val_loss", {1: 0.5}, "Run 1: validation loss 0.5."),
        (
            "val_loss",
            {1: 0.5, 2: 0.25, 3: 1.0},
            "Run 2 ends with the lowest validation loss (0.25), run 3 with the highest (1).",
        ),
        (
            "val_accuracy",
            {1: 0.5, 2: 0.9},
            "Run 2 ends with the highest validation accuracy (0.9), run 1 with the lowest (0.5).",
        ),
        ("train_loss", {1: 0.5, 2: 0.501}, "All runs are within 2 % of each other: training loss 0.5."),
        ("grad_norm", {1: NAN}, "No measurements yet."),
    ],
)
def test_the_best_and_the_worst_of_several_runs_are_named_by_what_the_metric_means(column, lasts, sentence):
    assert ranking(column, lasts) == sentence


@pytest.mark.parametrize(
    ("lasts", "states", "sentence"),
    [
        (
            {1: 0.5, 2: 0.25},
            {2: "running"},
            "So far run 2 has the lowest validation loss (0.25), run 1 the highest (0.5).",
        ),
        ({1: 0.5}, {1: "running"}, "Run 1: validation loss 0.5 so far."),
        (
            {1: 0.5, 2: 0.25, 3: 0.01, 5: 64.0},
            {3: "diverged", 5: "diverged"},
            "Run 2 ends with the lowest validation loss (0.25), run 1 with the highest (0.5). Runs 3, 5 "
            "diverged.",
        ),
        ({1: 0.5, 2: 64.0}, {2: "diverged"}, "Run 1: validation loss 0.5. Run 2 diverged."),
        (
            {1: 0.5, 2: 0.5, 3: 64.0},
            {3: "diverged"},
            "All others are within 2 % of each other: validation loss 0.5. Run 3 diverged.",
        ),
        ({1: 64.0, 2: 9.0}, {1: "diverged", 2: "diverged"}, "Runs 1-2 diverged."),
    ],
    ids=["one moves", "alone and moving", "two diverged", "one left", "close but for one", "all diverged"],
)
def test_a_run_that_moves_or_diverged_is_no_winner_at_the_end(lasts, states, sentence):
    assert ranking("val_loss", lasts, states) == sentence


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            Incomparable(unknown=(2,)),
            "Not ranked by validation loss: the settings of run 2 are unknown, so its loss and rows may be "
            "others.",
        ),
        (
            Incomparable(loss=("class_weights",)),
            "Not ranked by validation loss: different losses (class weights). Compare a score instead.",
        ),
        (
            Incomparable(rows=("dataset", "noise", "data_seed", "samples"), loss=("loss",)),
            "Not ranked by validation loss: measured on different rows or in different units (data, noise, "
            "data "
            "seed and 1 more) and different losses (loss).",
        ),
    ],
    ids=["imported", "another loss", "other rows too"],
)
def test_no_winner_is_named_among_runs_that_cannot_be_compared(reason, sentence):
    assert ranking("val_loss", {1: 0.5, 2: 0.25}, reason=reason) == sentence
