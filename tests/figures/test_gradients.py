"""Gradient figures keep zeros, spikes and the place of layer 1."""

import time
from typing import Any

import numpy as np

from engine.figures.gradients import COLUMNS_AT_MOST, HIGHEST, LOWEST, layer_heatmap, layer_lines

NAN = float("nan")
STEPS = np.array([0, 1, 2])
VALUES = np.array([[NAN, NAN], [1e-3, 1.0], [0.0, 100.0]])


def traces(figure: Any) -> list[Any]:
    """Return the traces of a figure; Plotly's own types know nothing of them."""
    return list(figure.data)


def test_the_heatmap_has_layer_one_at_the_bottom_and_step_along() -> None:
    heatmap = traces(layer_heatmap(STEPS, VALUES))[0]
    assert list(heatmap.y) == [1, 2]
    np.testing.assert_allclose(heatmap.z, [[-3, LOWEST], [0, HIGHEST]])


def test_a_zero_takes_the_lowest_colour_and_what_was_not_measured_stays_blank() -> None:
    values = np.array([[0.0, 1.0], [NAN, 1.0], [np.inf, 1.0]])
    z = np.array(traces(layer_heatmap(STEPS, values))[0].z)
    assert z[0, 0] == LOWEST
    assert np.isnan(z[0, 1]) and z[0, 2] == HIGHEST


def test_a_step_without_any_gradient_takes_no_column() -> None:
    assert list(traces(layer_heatmap(STEPS, VALUES))[0].x) == [1, 2]


def test_a_scale_that_is_exceeded_says_so_and_how_far() -> None:
    """An explosion to 1e28 had the colour of a norm of 10, and nothing said so."""
    for largest, said in ((1e28, ", up to 1e28"), (np.inf, ", up to ∞")):
        bar = traces(layer_heatmap(STEPS, np.array([[1.0, 1.0], [1.0, largest], [NAN, 1.0]])))[0].colorbar
        assert bar.title.text == f"gradient norm{said}" and bar.ticktext[-1] == "≥ 1e1"
        assert len(bar.ticktext) == len(bar.tickvals) and bar.tickvals[-1] == HIGHEST
    bar = traces(layer_heatmap(STEPS, VALUES / 100))[0].colorbar
    assert bar.title.text == "gradient norm" and "≥" not in "".join(bar.ticktext)


def test_the_scale_is_the_same_for_every_run() -> None:
    for factor in (1e-9, 1, 1e9):
        heatmap = traces(layer_heatmap(STEPS, VALUES * factor))[0]
        assert (heatmap.zmin, heatmap.zmax) == (LOWEST, HIGHEST)


def test_a_long_run_is_thinned_without_losing_a_spike_or_its_end() -> None:
    steps = np.arange(1, 10_001)
    values = np.full((10_000, 3), 1e-2)
    values[4321, 1] = 50.0
    heatmap = traces(layer_heatmap(steps, values))[0]
    assert len(heatmap.x) == COLUMNS_AT_MOST
    assert heatmap.x[-1] == 10_000
    assert np.max(heatmap.customdata) == 50.0
    assert (np.diff(heatmap.x) > 0).all()


def test_lines_pass_over_zeros_on_a_logarithmic_axis_and_keep_them_on_a_linear_one() -> None:
    logarithmic, linear = layer_lines(STEPS, VALUES), layer_lines(STEPS, VALUES, log_y=False)
    assert list(traces(logarithmic)[0].x) == [1]
    assert list(traces(linear)[0].x) == [1, 2]
    assert [trace.name for trace in traces(linear)] == ["layer 1 (input side)", "layer 2 (output)"]


def test_a_deep_network_names_its_first_and_last_layer_only() -> None:
    figure = layer_lines(np.array([1]), np.ones((1, 50)))
    assert [trace.name for trace in traces(figure) if trace.showlegend] == [
        "layer 1 (input side)",
        "layer 50 (output)",
    ]


def test_of_two_hundred_layers_forty_are_drawn_as_lines_the_ends_among_them_and_all_in_the_heatmap() -> None:
    steps, norms = np.arange(5), np.full((5, 201), 0.5)
    figure: Any = layer_lines(steps, norms)
    names = [trace.name for trace in figure.data]
    assert len(names) == 40 and (names[0], names[-1]) == ("layer 1 (input side)", "layer 201 (output)")
    assert figure.layout.yaxis.title.text == "gradient norm (40 of 201 layers)"
    heatmap: Any = layer_heatmap(steps, norms)
    assert np.array(heatmap.data[0].z).shape == (201, 5)
    some: Any = layer_lines(steps, norms, numbers=np.arange(3, 20))
    assert len(some.data) == 17


def test_two_hundred_and_one_layers_over_two_thousand_records_are_drawn_within_a_second() -> None:
    norms = np.random.default_rng(0).lognormal(size=(2000, 201))
    started = time.process_time()
    layer_lines(np.arange(2000), norms)
    layer_heatmap(np.arange(2000), norms)
    assert time.process_time() - started < 1


def test_a_long_run_is_its_running_median_with_a_band_and_no_hairball() -> None:
    steps = np.arange(1000.0)
    norms = np.exp(np.random.default_rng(0).normal(size=(1000, 2)))
    found = {trace.name: trace for trace in traces(layer_lines(steps, norms))}
    assert list(found) == [
        *(f"layer 1 (input side){end}" for end in (", low", ", high", "")),
        *(f"layer 2 (output){end}" for end in (", low", ", high", "")),
    ]
    line = found["layer 2 (output)"]
    assert len(line.x) == 125 and line.y[0] == np.median(norms[:8, 1])
    assert found["layer 2 (output), high"].fill == "tonexty" and "median of 8" in line.hovertemplate
    many = traces(layer_lines(steps, np.exp(np.random.default_rng(0).normal(size=(1000, 20)))))
    assert len(many) == 20, "bands of so many layers would cover each other"
