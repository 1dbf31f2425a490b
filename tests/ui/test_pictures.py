"""The drawings beside the form's choices show what the engine computes."""

import numpy as np
import pytest

from engine.config import parse_config
from engine.config.settings import SETTINGS
from engine.data.dataset import build_dataset
from ui.pictures import activation_curves, activation_picture, dataset_picture


@pytest.mark.parametrize("name", SETTINGS["activation"].choices)
def test_the_dashed_curve_is_the_slope_of_the_solid_one(name):
    z = np.linspace(-3.95, 4, 96)
    _, slopes = activation_curves(name, z)
    above, below = activation_curves(name, z + 1e-6)[0], activation_curves(name, z - 1e-6)[0]
    np.testing.assert_allclose(slopes, (above - below) / 2e-6, atol=1e-6)


@pytest.mark.parametrize("name", SETTINGS["activation"].choices)
def test_a_picture_has_a_solid_and_a_dashed_curve(name):
    picture = activation_picture(name)
    assert (picture.count("<polyline"), picture.count("stroke-dasharray")) == (2, 1)
    assert "nan" not in picture


@pytest.mark.parametrize("name", ["circles", "plane"])
def test_the_picture_of_a_dataset_does_not_depend_on_what_is_read_of_it(name):
    plain, made = (
        dataset_picture(build_dataset(parse_config({"dataset": name, **more})))
        for more in ({}, {"features": ["sin_x1"], "standardize_inputs": "off"})
    )
    assert plain == made


def test_a_table_with_several_targets_has_a_picture():
    picture = dataset_picture(build_dataset(parse_config({"dataset": "linnerud"})))
    assert picture.count("<circle") == 15
