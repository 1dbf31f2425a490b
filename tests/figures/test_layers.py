"""Pictures of layers keep their zeros, their bands and a scale that two runs can share."""

from typing import Any

import numpy as np
import pytest

from engine.analysis.layers import GOOD_RATIO
from engine.figures.gradients import layer_heatmap, layer_lines
from engine.figures.histograms import gradient_histogram, weight_histogram
from engine.figures.layers import (
    activation_bands,
    clipping,
    decades,
    flow_profile,
    ratio_lines,
    share_lines,
    spread,
)
from engine.figures.theme import VALIDATION

NAN = float("nan")
LAYERS = np.array([1, 2, 3])
STEPS = np.array([1.0, 2.0])


def traces(figure: Any) -> list[Any]:
    return list(figure.data)


def test_a_profile_marks_layers_whose_gradient_is_exactly_zero_and_passes_over_what_is_not_finite() -> None:
    figure = flow_profile(LAYERS, np.array([0.0, NAN, 1e-2]), powers=(-4, 0))
    line, zeros = traces(figure)
    assert list(line.x) == [3]
    assert (list(zeros.x), zeros.name) == ([1], "exactly 0")


def test_decades_enclose_all_positive_values_and_are_never_narrower_than_two() -> None:
    assert decades(np.array([3e-7, 0.0, NAN]), np.array([0.2, np.inf])) == (-7, 0)
    assert decades(np.array([0.5])) == (-2, 0)
    assert decades(np.array([0.0, NAN])) == (-4, 0)


def test_spread_leaves_room_and_copes_with_equal_and_missing_values() -> None:
    assert spread(np.array([0.0, 1.0, NAN]), np.array([2.0])) == pytest.approx((-0.1, 2.1))
    assert spread(np.array([1.0])) == (0.5, 1.5)
    assert spread(np.array([NAN])) == (-1, 1)


def test_activations_have_a_band_of_one_deviation() -> None:
    mean, std = np.array([0.5, 0.4, NAN]), np.array([0.1, 0.2, NAN])
    low, high, line = traces(activation_bands(LAYERS, mean, std, ends=(0, 1)))
    np.testing.assert_allclose(low.y, [0.4, 0.2])
    np.testing.assert_allclose(high.y, [0.6, 0.6])
    assert list(line.x) == [1, 2]


def test_the_ratio_stands_before_its_band() -> None:
    figure: Any = ratio_lines(
        STEPS, np.full((2, 3), 1e-3), numbers=LAYERS, x_title="step", powers=(-9.0, -3.0)
    )
    band = figure.layout.shapes[0]
    assert (band.y0, band.y1) == GOOD_RATIO == (10**-2.8, 10**-1.7)
    assert tuple(figure.layout.yaxis.range) == (-9, 0)


def test_shares_keep_their_axis_from_none_to_all() -> None:
    figure: Any = share_lines(STEPS, np.zeros((2, 3)), numbers=LAYERS, title="dead", x_title="step")
    assert figure.layout.yaxis.range[0] < 0 and figure.layout.yaxis.range[1] > 1
    assert list(traces(figure)[0].y) == [0, 0]


def test_clipping_is_solid_before_and_dashed_after() -> None:
    before, after = np.array([5.0, 0.5]), np.array([1.0, 0.5])
    lines = traces(clipping(STEPS, before, after, x_title="step", powers=(-1, 1)))
    assert [(line.line.dash, list(line.y)) for line in lines] == [("solid", [5, 0.5]), ("dash", [1, 0.5])]


def test_chosen_layers_keep_the_colours_and_numbers_that_they_have_among_all() -> None:
    values = np.arange(1.0, 9.0).reshape(2, 4)
    everything = traces(layer_lines(STEPS, values))
    chosen = traces(layer_lines(STEPS, values, numbers=np.array([2, 4])))
    assert [trace.name for trace in chosen] == ["layer 2", "layer 4 (output)"]
    assert [trace.line.color for trace in chosen] == [everything[1].line.color, everything[3].line.color]
    heat = traces(layer_heatmap(STEPS, values, numbers=np.array([2, 4])))[0]
    assert list(heat.y) == ["2", "4"]
    np.testing.assert_array_equal(heat.customdata, values[:, [1, 3]].T)


def test_an_exact_zero_has_a_colour_and_a_legend_entry_of_its_own_in_the_heatmap() -> None:
    values = np.array([[0.0, 1e-30], [1.0, 1.0]])
    heat, zeros, entry = traces(layer_heatmap(STEPS, values))
    assert np.isfinite(zeros.z).tolist() == [[True, False], [False, False]]
    assert zeros.colorscale[0][1] == VALIDATION == entry.marker.color
    assert entry.name == "exactly 0"
    assert np.isfinite(heat.z).all()
    assert len(traces(layer_heatmap(STEPS, values + 1e-9))) == 1


def test_histograms_show_shares_and_leave_empty_bins_blank() -> None:
    powers = np.array([-2.0, -1.0, 0.0])
    counts = np.array([[3, 1, 0], [0, 0, 0]])
    heat = traces(gradient_histogram(STEPS, counts, powers, x_title="step"))[0]
    np.testing.assert_allclose(heat.customdata[:, 0], [0.75, 0.25, 0])
    assert np.isnan(heat.z[2, 0]) and np.isnan(heat.z[:, 1]).all()
    assert heat.y[0] < powers[0]
    edges = np.array([-1.0, 0.0, 1.0])
    figure: Any = weight_histogram(STEPS, np.ones((2, 2)), edges, x_title="step", widest=2.0)
    assert tuple(figure.layout.yaxis.range) == (-2, 2)


def test_histograms_without_any_snapshot_are_empty_pictures() -> None:
    powers = np.array([-2.0, -1.0, 0.0])
    assert len(traces(gradient_histogram(np.zeros(0), np.zeros((0, 3)), powers, x_title="step"))) == 1
