"""One run that explodes does not flatten the others, where somebody leaves outliers out of the scale."""

import numpy as np
import pandas as pd
import pytest

from engine.figures.curves import compare_runs
from engine.figures.scale import leave_out_outliers, span_bold

STEPS = np.arange(101)


def figure_of(*losses: np.ndarray, log_y: bool = False):
    frames = {
        run: pd.DataFrame(
            {"step": STEPS, "val_loss": values, "batch_loss": 1.0, "grad_norm": 1.0, "penalty": 0.0}
        )
        for run, values in enumerate(losses, start=1)
    }
    return compare_runs(frames, ["val_loss"], log_y=log_y)


def test_the_axis_spans_the_middle_90_percent_of_all_points_with_some_room():
    figure = figure_of(STEPS / 100.0)
    leave_out_outliers(figure)
    assert figure.layout.yaxis.range == pytest.approx([0.05 - 0.045, 0.95 + 0.045])


def test_a_spike_is_left_out_and_is_still_drawn():
    spiked = np.where(STEPS == 40, 1e28, STEPS / 100.0)
    figure = figure_of(STEPS / 100.0, spiked)
    leave_out_outliers(figure)
    assert figure.layout.yaxis.range[1] < 1.1
    assert any(np.max(trace.y) == 1e28 for trace in figure.data)


def test_a_logarithmic_axis_is_spanned_in_powers_of_ten_and_without_what_it_cannot_show():
    figure = figure_of(np.where(STEPS == 0, 0.0, 10.0 ** (STEPS / 25.0)), log_y=True)
    leave_out_outliers(figure)
    low, high = figure.layout.yaxis.range
    assert 0 < low < 0.3 and 3.7 < high < 4.1


def test_what_is_not_a_number_counts_for_nothing():
    figure = figure_of(np.where(STEPS > 50, np.nan, STEPS / 50.0))
    leave_out_outliers(figure)
    assert figure.layout.yaxis.range == pytest.approx([0.05 - 0.045, 0.95 + 0.045])


@pytest.mark.parametrize("values", [np.ones(101), np.where(STEPS == 3, 7.0, 1.0), np.full(101, np.nan)])
def test_where_the_middle_is_one_value_the_whole_scale_stays(values):
    figure = figure_of(values)
    leave_out_outliers(figure)
    assert figure.layout.yaxis.range is None


def test_a_figure_without_lines_stays_as_it_is():
    figure = figure_of()
    leave_out_outliers(figure)
    assert figure.layout.yaxis.range is None


@pytest.mark.parametrize("log_y", [False, True])
def test_a_noisy_line_drawn_faint_does_not_set_the_scale(log_y):
    """At batch size 1 the gray losses of single rows made flat lines of both curves."""
    figure = figure_of(1.0 + STEPS / 100.0, log_y=log_y)
    figure.add_scatter(x=STEPS, y=np.where(STEPS % 2, 30.0, 0.01), mode="lines", line={"width": 1})
    span_bold(figure)
    low, high = figure.layout.yaxis.range
    if log_y:
        low, high = 10**low, 10**high
    assert 0.9 < low < 1.0 and 2.0 < high < 2.1


def test_a_faint_line_within_the_bold_ones_leaves_the_scale_alone():
    figure = figure_of(1.0 + STEPS / 100.0)
    figure.add_scatter(x=STEPS, y=np.full(101, 1.5), mode="lines", line={"width": 1})
    span_bold(figure)
    assert figure.layout.yaxis.range is None
