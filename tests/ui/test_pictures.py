"""The drawings beside the form's choices show what the engine computes."""

import numpy as np
import pytest

from engine.config.settings import SETTINGS
from ui.pictures import activation_curves, activation_picture


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
