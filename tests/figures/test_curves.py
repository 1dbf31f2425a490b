"""Curves draw every point that was measured, and mark the gap, the best epoch and a divergence."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine.figures.curves import compare_runs, divergence, loss_curves, mark_early_stop
from engine.figures.theme import run_colour

NAN = float("nan")


def frame_of(train: list[float], val: list[float]) -> pd.DataFrame:
    steps = np.arange(len(train)) * 10
    return pd.DataFrame(
        {
            "step": steps,
            "epoch": steps / 20,
            "seconds": steps / 1000,
            "batch_loss": [NAN, *[0.5] * len(train)][: len(train)],
            "grad_norm": [NAN, *[0.1] * len(train)][: len(train)],
            "penalty": 0.0,
            "train_loss": train,
            "val_loss": val,
        }
    )


def traces(figure: Any) -> list[Any]:
    """Return the traces of a figure; Plotly's own types know nothing of them."""
    return list(figure.data)


def named(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in traces(figure) if trace.name}


def test_training_is_solid_validation_dashed_and_blank_steps_are_passed_over() -> None:
    found = named(loss_curves(frame_of([1.0, NAN, 0.5, 0.25], [1.0, NAN, 0.75, 0.9])))
    assert found["training"].line.dash == "solid"
    assert found["validation"].line.dash == "dash"
    assert list(found["training"].x) == [0, 1, 1.5]
    assert list(found["training"].y) == [1.0, 0.5, 0.25]
    assert list(found["validation"].y) == [1.0, 0.75, 0.9]


def test_the_gap_is_shaded_only_where_validation_is_worse() -> None:
    figure = loss_curves(frame_of([1.0, 0.5, 0.25], [0.8, 0.5, 0.9]))
    lower, upper = (trace for trace in traces(figure) if trace.legendgroup == "gap")
    assert list(lower.y) == [1.0, 0.5, 0.25]
    assert list(upper.y) == [1.0, 0.5, 0.9]
    assert upper.fill == "tonexty"


def test_the_place_where_patience_ended_a_run_is_its_last_record() -> None:
    frame = frame_of([1.0, 0.5, 0.25, 0.2], [1.0, 0.75, 0.8, 0.9])
    marked = mark_early_stop(loss_curves(frame, x="step"), frame, "step")
    mark = named(marked)["stopped early at epoch 1.5"]
    assert (list(mark.x), list(mark.y), mark.marker.symbol) == ([30.0], [0.9], "square")
    assert [shape.x0 for shape in marked.layout.shapes][-1] == 30.0
    empty = frame.iloc[:0]
    unmarked = loss_curves(empty)
    mark_early_stop(unmarked, empty, "step")
    assert len(traces(unmarked)) == len(traces(loss_curves(empty))) and not unmarked.layout.shapes


def test_the_best_epoch_is_where_validation_loss_was_lowest() -> None:
    found = named(loss_curves(frame_of([1.0, 0.5, 0.25, 0.2], [1.0, 0.75, NAN, 0.9]), x="step"))
    best = found["best epoch 0.5"]
    assert (list(best.x), list(best.y)) == ([10.0], [0.75])


def test_a_run_that_was_not_measured_yet_gives_a_figure_without_points() -> None:
    assert all(len(trace.x) == 0 for trace in traces(loss_curves(frame_of([], []))))
    assert all(len(trace.x) == 0 for trace in traces(loss_curves(frame_of([NAN], [NAN]))))


@pytest.mark.parametrize("column", ["batch_loss", "grad_norm", "penalty"])
@pytest.mark.parametrize("lost", [NAN, float("inf")])
def test_a_run_that_diverged_carries_a_cross_at_its_last_step(lost: float, column: str) -> None:
    frame = frame_of([1.0, 0.5, NAN], [1.0, 0.5, NAN])
    assert divergence(frame) is None
    frame.loc[2, column] = lost
    assert divergence(frame) == 20
    cross = named(loss_curves(frame, x="step"))["diverged at step 20"]
    assert (list(cross.x), list(cross.y)) == ([20.0], [0.5])


def test_imported_curves_that_lack_a_column_have_not_diverged() -> None:
    frame = frame_of([1.0, 0.5, 0.4], [1.0, 0.5, 0.4]).assign(batch_loss=NAN, grad_norm=NAN, penalty=NAN)
    assert divergence(frame) is None
    frame.loc[2, ["train_loss", "val_loss"]] = NAN
    assert divergence(frame) == 20


def test_record_zero_alone_is_no_divergence() -> None:
    assert divergence(frame_of([1.0], [1.0])) is None
    assert divergence(frame_of([], [])) is None


def test_each_run_keeps_its_colour_and_its_name_is_shown_as_it_stands() -> None:
    both = {
        11: frame_of([1.0, 0.5], [1.0, 0.6]),
        2: frame_of([2.0], [2.0]),
        3: frame_of([], []),
    }
    found = named(compare_runs(both, ["train_loss", "val_loss"], names={11: "<b>x</b>", 2: ""}))
    assert list(found) == [
        "11 · &lt;b&gt;x&lt;/b&gt; train_loss",
        "11 · &lt;b&gt;x&lt;/b&gt; val_loss",
        "run 2 train_loss",
        "run 2 val_loss",
    ]
    for name, trace in found.items():
        assert trace.line.color == run_colour(11 if name.startswith("11") else 2)
        assert trace.line.dash == ("dash" if name.endswith("val_loss") else "solid")


@pytest.mark.parametrize(("x", "last"), [("step", 10), ("epoch", 0.5), ("seconds", 0.01)])
def test_runs_can_be_compared_by_step_epoch_or_time(x: str, last: float) -> None:
    figure: Any = compare_runs({1: frame_of([1.0, 0.5], [1.0, 0.6])}, ["train_loss"], x=x, log_y=True)
    assert figure.data[0].x[-1] == last
    assert figure.layout.yaxis.type == "log"
