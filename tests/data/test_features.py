"""A network may read squares, product and waves of the plane's coordinates; pictures stay in the plane."""

from typing import Any

import numpy as np
import pytest

from engine.codec import unpack
from engine.config import parse_config
from engine.config.data import PLANE_DATASETS
from engine.config.resolve import resolve
from engine.config.settings import SETTINGS
from engine.config.twins import differences
from engine.data.dataset import Dataset, build_dataset, dataset_from_bytes, dataset_to_bytes
from engine.data.grid import grid_over
from engine.nn.features import FEATURES, features_of, sign_of
from engine.training.model import initial_state
from engine.training.trainer import final_summary, train

ALL = list(FEATURES)
SQUARES = ["x1_squared", "x2_squared"]


def build(name: str = "circles", **settings: Any) -> Dataset:
    return build_dataset(parse_config({"dataset": name, **settings}))


def accuracy(**settings: Any) -> float:
    """Train and return the accuracy over the validation rows."""
    config = parse_config({"epochs": 150, "depth": 0, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    for _ in train(config, dataset, state):
        pass
    return final_summary(config, dataset, state)["val_accuracy"]


def test_what_can_be_named_is_what_can_be_made_in_the_same_order() -> None:
    assert SETTINGS["features"].choices == tuple(FEATURES)
    assert [sign_of(name) for name in ALL[:7]] == ["x1", "x2", "x1²", "x2²", "x1·x2", "sin x1", "sin x2"]


def test_a_wave_has_two_periods_between_minus_one_and_one() -> None:
    places = np.column_stack([np.linspace(-1, 1, 1001), np.zeros(1001)])
    wave = features_of(["sin_x1"], places)[:, 0]
    assert (np.diff(np.sign(wave[1:-1])) != 0).sum() == 4  # down and up through 0, touched at -0.5, 0, 0.5
    np.testing.assert_allclose([wave.min(), wave.max()], [-1, 1], atol=1e-4)


@pytest.mark.parametrize("name", PLANE_DATASETS)
def test_features_are_made_from_the_raw_plane_and_then_standardised_with_training_rows(name: str) -> None:
    plain, made = build(name), build(name, features=ALL)
    np.testing.assert_allclose(made.coordinates("training"), plain.coordinates("training"), atol=1e-12)
    np.testing.assert_allclose(made.coordinates("validation"), plain.coordinates("validation"), atol=1e-12)
    raw = features_of(ALL, plain.coordinates("training"))
    np.testing.assert_allclose(made.x_train, (raw - raw.mean(axis=0)) / raw.std(axis=0), atol=1e-9)
    np.testing.assert_array_equal(made.y_train, plain.y_train)
    assert made.feature_names == tuple(ALL) and made.axis_names == ("x1", "x2") and made.has_plane


def test_what_is_read_at_the_places_of_the_rows_is_what_the_rows_say() -> None:
    for dataset in (build(), build(features=ALL), build(features=["x2"], standardize_inputs="off")):
        for split, x in (("training", dataset.x_train), ("validation", dataset.x_val)):
            np.testing.assert_allclose(dataset.inputs_at(dataset.coordinates(split)), x, atol=1e-12)


def test_a_grid_lies_in_the_plane_whatever_the_network_reads() -> None:
    plain, made = grid_over(build(), 20), grid_over(build(features=["x1_times_x2"]), 20)
    for one, other in zip(plain.axes, made.axes, strict=True):
        np.testing.assert_allclose(one, other)
    across, up = made.axes
    assert made.points.shape == (400, 1)
    dataset = build(features=["x1_times_x2"])
    product = (made.points * dataset.x_scale + dataset.x_mean).reshape(20, 20)
    np.testing.assert_allclose(product, np.outer(up, across), atol=1e-12)


def test_the_order_in_which_features_are_named_does_not_matter() -> None:
    one, other = build(features=["x1_squared", "x1"]), build(features=["x1", "x1_squared"])
    assert dataset_to_bytes(one) == dataset_to_bytes(other)


def test_the_coordinates_alone_give_the_data_of_old_bit_for_bit() -> None:
    named = build("moons", features=["x1", "x2"])
    blob = dataset_to_bytes(named)
    assert blob == dataset_to_bytes(build("moons"))
    arrays, facts = unpack(blob)
    assert not {"coordinates_train", "coordinates_val", "target_names"} & {*arrays, *facts}
    assert dataset_to_bytes(dataset_from_bytes(blob)) == blob


def test_data_with_features_is_read_back_as_it_was_stored() -> None:
    dataset = build(features=SQUARES)
    again = dataset_from_bytes(dataset_to_bytes(dataset))
    assert dataset_to_bytes(again) == dataset_to_bytes(dataset)
    np.testing.assert_array_equal(again.coordinates("validation"), dataset.coordinates("validation"))


def test_fewer_training_rows_keep_their_places() -> None:
    whole, part = build(features=SQUARES), build(features=SQUARES, train_fraction=0.5)
    rows = len(part.x_train)
    np.testing.assert_array_equal(part.coordinates("training"), whole.coordinates("training")[:rows])


def test_a_linear_model_parts_circles_by_squares_and_not_by_coordinates() -> None:
    assert accuracy(dataset="circles") < 0.7
    assert accuracy(dataset="circles", features=SQUARES) > 0.95


def test_a_linear_model_parts_a_chessboard_by_the_product_and_not_by_coordinates() -> None:
    assert accuracy(dataset="xor", noise=0.0) < 0.7
    assert accuracy(dataset="xor", noise=0.0, features=["x1_times_x2"]) > 0.95


def test_two_runs_with_other_features_differ_in_nothing_else() -> None:
    settings = {"dataset": "circles", "depth": 0}
    one, other = (
        resolve(parse_config({**settings, **more}), build().facts) for more in ({}, {"features": SQUARES})
    )
    assert differences(one, other) == {"features": (("x1", "x2"), ("x1_squared", "x2_squared"))}
