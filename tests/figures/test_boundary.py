"""Boundaries and fits are drawn where the data lies, in the data's own units."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine.analysis.predictions import probability_of_second
from engine.config import parse_config
from engine.config.data import DataSettings
from engine.data.dataset import Dataset, build_dataset
from engine.data.grid import grid_over
from engine.figures.boundary import POINTS_AT_MOST, decision_boundary, regression_fit, regression_surface


def traces(figure: Any) -> list[Any]:
    """Return the traces of a figure; Plotly's own types know nothing of them."""
    return list(figure.data)


@pytest.fixture(scope="module")
def moons() -> Dataset:
    return build_dataset(DataSettings(dataset="moons"))


def test_the_grid_is_in_the_units_of_the_data_and_its_points_in_those_of_the_network(moons: Dataset) -> None:
    grid = grid_over(moons, 16)
    across, up = grid.axes
    raw = grid.points * moons.x_scale + moons.x_mean
    assert grid.points.shape == (256, 2)
    np.testing.assert_allclose(raw[:, 0].reshape(16, 16), np.tile(across, (16, 1)))
    np.testing.assert_allclose(raw[:, 1].reshape(16, 16), np.tile(up, (16, 1)).T)
    rows = np.concatenate([moons.x_train, moons.x_val]) * moons.x_scale + moons.x_mean
    assert across[0] < rows[:, 0].min() and rows[:, 0].max() < across[-1]


def test_a_boundary_on_x1_is_drawn_upright(moons: Dataset) -> None:
    """What depends on the first feature varies along the x axis, not along y."""
    grid = grid_over(moons, 32)
    outputs = (grid.points[:, :1] > 0).astype(np.float32)
    heatmap = traces(decision_boundary(moons, grid, outputs))[0]
    z = np.array(heatmap.z)
    assert (z == z[0]).all()
    assert z[0, 0] == 0 and z[0, -1] == 1
    assert (heatmap.zmin, heatmap.zmax) == (0, 1)


def test_points_of_both_splits_lie_where_the_data_lies(moons: Dataset) -> None:
    grid = grid_over(moons, 8)
    found = {trace.name: trace for trace in traces(decision_boundary(moons, grid, np.full((64, 1), 0.5)))}
    raw = moons.x_val * moons.x_scale + moons.x_mean
    np.testing.assert_allclose(found["validation"].x, raw[:, 0])
    np.testing.assert_allclose(found["validation"].y, raw[:, 1])
    assert len(found["training"].x) == len(moons.x_train)
    assert found["training"].marker.symbol != found["validation"].marker.symbol


@pytest.mark.parametrize("name", ["circles", "plane"])
def test_a_picture_lies_in_the_plane_whatever_features_the_network_reads(name: str) -> None:
    plain = build_dataset(parse_config({"dataset": name}))
    made = build_dataset(parse_config({"dataset": name, "features": ["x1_squared", "sin_x2"]}))
    draw = decision_boundary if name == "circles" else regression_surface
    one, other = (draw(data, grid_over(data, 8), np.full((64, 1), 0.5)) for data in (plain, made))
    assert other.layout.xaxis.title.text == one.layout.xaxis.title.text == "x1"
    for first, second in zip(traces(one), traces(other), strict=True):
        np.testing.assert_allclose(np.array(first.x, float), np.array(second.x, float))
        np.testing.assert_allclose(np.array(first.y, float), np.array(second.y, float))


def test_rings_stand_around_the_places_of_wrong_rows() -> None:
    data = build_dataset(DataSettings(dataset="circles", features=("x1_squared",)))
    at_rows = np.zeros((len(data.x_train), 1)), np.zeros((len(data.x_val), 1))
    figure = decision_boundary(data, grid_over(data, 8), np.zeros((64, 1)), at_rows=at_rows)
    rings = traces(figure)[-1]
    both = zip(("training", "validation"), (data.y_train, data.y_val), strict=True)
    expected = np.concatenate([data.coordinates(split)[y == 1] for split, y in both])
    np.testing.assert_allclose(np.column_stack([rings.x, rings.y]), expected)


def test_two_columns_of_probabilities_say_the_same_as_one() -> None:
    second = np.array([0.0, 0.25, 1.0])
    np.testing.assert_allclose(probability_of_second(np.column_stack([1 - second, second])), second)
    np.testing.assert_allclose(probability_of_second(second[:, np.newaxis]), second)
    assert probability_of_second(np.array([[-2.0, 3.0]]))[0] == 1.0


def test_three_classes_get_three_flat_colours(moons: Dataset) -> None:
    three = dataclasses.replace(moons, class_names=("a", "b", "<b>"), y_train=moons.y_train + 1)
    grid = grid_over(three, 8)
    outputs = np.eye(3)[np.arange(64) % 3]
    heatmap = traces(decision_boundary(three, grid, outputs))[0]
    np.testing.assert_array_equal(np.array(heatmap.z).ravel(), np.arange(64) % 3)
    assert len({colour for _, colour in heatmap.colorscale}) == 3


def test_a_fit_goes_through_the_units_of_the_data() -> None:
    sine = build_dataset(DataSettings(dataset="sine", noise=0.0))
    grid = grid_over(sine, 50)
    raw = grid.points * sine.x_scale + sine.x_mean
    line = traces(regression_fit(sine, grid, np.sin(2 * np.pi * raw)))[-1]
    np.testing.assert_allclose(line.y, np.sin(2 * np.pi * np.array(line.x)))
    assert np.all(np.diff(line.x) > 0)


def test_a_surface_is_coloured_by_its_values_and_its_points_on_the_same_scale() -> None:
    plane = build_dataset(DataSettings(dataset="plane", noise=0.0))
    grid = grid_over(plane, 20)
    raw = grid.points * plane.x_scale + plane.x_mean
    surface, training, validation = traces(regression_surface(plane, grid, raw.mean(axis=1, keepdims=True)))
    across, up = np.meshgrid(surface.x, surface.y)
    np.testing.assert_allclose(surface.z, (across + up) / 2)
    assert (surface.zmin, surface.zmax) == (training.marker.cmin, training.marker.cmax)
    np.testing.assert_array_equal(validation.marker.color, plane.y_val[:, 0])


def test_only_a_thousand_points_are_drawn_and_the_legend_says_so() -> None:
    many = build_dataset(DataSettings(dataset="circles", samples=4000))
    names = [trace.name for trace in traces(decision_boundary(many, grid_over(many, 4), np.ones((16, 1))))]
    assert f"training ({POINTS_AT_MOST} of 3000)" in names


def test_there_is_no_boundary_of_thirteen_features() -> None:
    with pytest.raises(ValueError, match="needs 1 or 2 coordinates, got 13"):
        grid_over(build_dataset(DataSettings(dataset="wine")))


def test_exactly_the_wrongly_decided_rows_of_both_splits_get_a_ring(moons: Dataset) -> None:
    grid = grid_over(moons, 4)
    right = [np.where(y == 1, 0.9, 0.1)[:, np.newaxis] for y in (moons.y_train, moons.y_val)]
    right[0][3] = 1 - right[0][3]
    right[1][[0, 5]] = np.nan
    figure = decision_boundary(moons, grid, np.full((16, 1), 0.5), at_rows=(right[0], right[1]))
    ring = traces(figure)[-1]
    missed = np.concatenate([moons.x_train[[3]], moons.x_val[[0, 5]]]) * moons.x_scale + moons.x_mean
    np.testing.assert_allclose(np.column_stack([ring.x, ring.y]), missed)
    assert ring.name == "misclassified: 1 + 2" and ring.marker.symbol == "circle-open"
