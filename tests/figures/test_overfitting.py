"""Pictures of overfitting mark the onset, spare what early stopping spares, and take names as text."""

from typing import Any

import numpy as np
import pandas as pd

from engine.analysis.overfitting import SizedRun
from engine.figures.overfitting import (
    early_stopping,
    gap_against_size,
    gap_curve,
    learning_curve,
    overfitting_curves,
)

NAN = float("nan")
FRAME = pd.DataFrame(
    {
        "step": [0.0, 10.0, 15.0, 20.0],
        "epoch": [0.0, 1.0, 1.5, 2.0],
        "seconds": [0.0, 0.1, 0.15, 0.2],
        "train_loss": [1.0, 0.5, NAN, 0.1],
        "val_loss": [1.0, 0.6, NAN, 0.9],
        "generalization_gap": [0.0, 0.1, NAN, 0.8],
        "batch_loss": [NAN, 0.5, 0.4, 0.1],
        "grad_norm": [NAN, 1.0, 1.0, 1.0],
        "penalty": [0.0, 0.0, 0.0, 0.0],
    }
)


def named(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def test_the_onset_is_a_line_with_a_name_only_where_a_run_overfits() -> None:
    lasting, healthy = overfitting_curves(FRAME, 1.0), overfitting_curves(FRAME, None)
    assert "overfitting starts (1)" in named(lasting)
    assert not any("overfitting" in str(name) for name in named(healthy))
    assert {"training", "validation", "gap"} <= set(named(lasting))


def test_the_gap_is_drawn_at_evaluated_steps_only() -> None:
    gap = named(gap_curve(FRAME, None, x="step"))["gap"]
    assert (list(gap.x), list(gap.y)) == ([0, 10, 20], [0, 0.1, 0.8])


def test_what_early_stopping_spares_is_set_apart_from_what_it_trains() -> None:
    at, losses = np.arange(6.0), np.array([3.0, 2, 1, 2, 3, 4])
    lines = named(early_stopping(at, losses, kept=2, stopped=4))
    assert list(lines["trained"].x) == [0, 1, 2, 3, 4]
    assert list(lines["saved"].x) == [4, 5]
    assert list(lines["weights kept"].y) == [1]
    assert "saved" not in named(early_stopping(at, losses, kept=2, stopped=None))


def test_a_learning_curve_passes_over_runs_that_are_not_done() -> None:
    rows = np.array([10, 20, 30])
    lines = named(learning_curve(rows, rows / 100, np.array([0.9, NAN, 0.5]), np.array([0.8, NAN, 0.4])))
    assert list(lines["validation"].x) == [10, 30]
    assert list(lines["training"].x) == [10, 20, 30]


def test_each_run_is_one_point_in_its_colour_and_its_name_is_text() -> None:
    sized = [SizedRun(1, "<b>x</b>", 50, 0.1), SizedRun(2, "", 5000, 0.4)]
    figure: Any = gap_against_size(sized, chosen=2)
    first, second = figure.data
    assert first.name == "1 · &lt;b&gt;x&lt;/b&gt;"
    assert (list(first.x), list(second.y)) == ([50], [0.4])
    assert second.marker.size > first.marker.size
    assert first.marker.color != second.marker.color
