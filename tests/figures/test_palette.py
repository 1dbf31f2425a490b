"""Colours that are shown together can be told apart, on both pages and by colour-blind eyes."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from engine.figures.bands import Seeds, compare_seeds
from engine.figures.curves import BAND_OPACITY
from engine.figures.gradients import layer_lines
from engine.figures.theme import PALETTE
from tests.figures.seeing import (
    BLINDNESS,
    PAGES,
    as_drawn,
    ciede2000,
    contrast,
    lab,
    least_apart,
    over,
    rgb,
)

UPDATES = {"batch_loss": 1.0, "grad_norm": 1.0, "penalty": 0.0}
COLOURS = [light for light, _ in PALETTE]


def layer_colours(layers, page):
    figure = layer_lines(np.array([1.0, 2.0]), np.ones((2, layers)))
    return np.array([as_drawn(trace.line["color"], page) for trace in figure.data])


def test_the_measure_is_that_of_its_authors():
    """Four pairs of Sharma, Wu and Dalal (2005), whose hues, chromas and lightnesses are hard cases."""
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ]
    for one, other, apart in pairs:
        assert ciede2000(np.array(one, float), np.array(other, float)) == pytest.approx(apart, abs=1e-4)


@pytest.mark.parametrize("page", PAGES)
def test_any_two_runs_look_25_apart_as_they_are_drawn(page):
    assert least_apart(np.array([as_drawn(colour, page) for colour in COLOURS])) >= 25


@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_moved_away_from_its_colour_to_stand_out(page):
    for colour in COLOURS:
        np.testing.assert_allclose(as_drawn(colour, page), rgb(colour))
        assert contrast(rgb(colour), rgb(PAGES[page][0])) >= 3


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_any_two_runs_look_14_apart_to_eyes_that_lack_one_kind_of_cone(blindness):
    """Measured: 14.4 without red, 14.4 without green, 14.8 without blue cones; it was 3 before."""
    assert least_apart(np.array([rgb(colour) for colour in COLOURS]), blindness) >= 14


@pytest.mark.parametrize("page", PAGES)
def test_bands_are_told_apart_by_their_fill_and_end_in_their_lines_colour(page):
    """Measured fills: 8.5 on a light page, 10.5 on a dark one; their edges are 25 apart as lines are."""
    assert least_apart(np.array([over(colour, BAND_OPACITY, page) for colour in COLOURS])) >= 8
    frames = {
        run: pd.DataFrame({"step": [0, 1], "val_loss": [run, run + 1.0], **UPDATES}) for run in (1, 2, 3, 4)
    }
    figure = compare_seeds(frames, [Seeds({0: 1, 1: 2}), Seeds({0: 3, 1: 4})], ["val_loss"])
    edges = [trace for trace in figure.data if trace.name and trace.name.endswith("er end")]
    assert len(edges) == 4 and all(trace.line["width"] >= 1 for trace in edges)
    drawn = np.array([as_drawn(colour, page) for colour in {trace.line["color"] for trace in edges}])
    assert len(drawn) == 2 and least_apart(drawn) >= 25


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("layers", [2, 5, 10])
def test_the_lines_of_neighbouring_layers_are_told_apart_one_over_the_other(layers, page):
    """Measured with ten layers: 11.2 on both pages; it was 2.7 on a light and 3.7 on a dark one."""
    assert least_apart(layer_colours(layers, page)) >= 11


@pytest.mark.parametrize("page", PAGES)
def test_layers_go_from_dark_to_light_so_that_their_order_is_seen(page):
    colours = layer_colours(12, page)
    lightness = [lab(colour)[0] for colour in colours]
    assert lightness[-1] - lightness[0] > 15
    assert all(later > earlier - 1 for earlier, later in pairwise(lightness))
