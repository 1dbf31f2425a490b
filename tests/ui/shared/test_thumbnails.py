"""The drawings beside the form's choices show what the engine computes."""

import re

import numpy as np
import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.config.settings import SETTINGS
from engine.data.dataset import build_dataset
from engine.nn.activations import ACTIVATIONS
from engine.nn.curves import activation_curves
from engine.training.plan import plan
from ui.shared.thumbnails import activation_picture, dataset_picture, schedule_picture


@pytest.mark.parametrize("name", SETTINGS["activation"].choices)
def test_the_dashed_curve_is_the_slope_of_the_solid_one(name):
    z = np.linspace(-3.95, 4, 96)
    _, slopes = activation_curves(ACTIVATIONS[name], z)
    above, below = (activation_curves(ACTIVATIONS[name], z + step)[0] for step in (1e-6, -1e-6))
    np.testing.assert_allclose(slopes, (above - below) / 2e-6, atol=1e-6)


@pytest.mark.parametrize("name", SETTINGS["activation"].choices)
def test_a_picture_has_a_solid_and_a_dashed_curve(name):
    picture = activation_picture(name)
    assert (picture.count("<polyline"), picture.count("stroke-dasharray")) == (2, 1)
    assert "nan" not in picture


def drawn(**settings):
    config = parse_config({"samples": 40, "batch_size": 10, "learning_rate": 0.5, "epochs": 10, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    picture = schedule_picture(config, plan(config, dataset))
    places = re.search(r'points="([^"]+)"', picture)
    assert places is not None
    return picture, np.array([[float(part) for part in pair.split(",")] for pair in places[1].split()])


@pytest.mark.parametrize("name", SETTINGS["schedule"].choices)
def test_the_picture_of_a_schedule_goes_over_the_run_and_stays_between_its_axes(name):
    picture, places = drawn(schedule=name, warmup_epochs=2)
    assert picture.count("<polyline") == 1 and "nan" not in picture
    assert places[[0, -1], 0].tolist() == [2, 298]
    assert places[:, 1].min() == 18 and places[:, 1].max() <= 84
    assert ">10 epochs</text>" in picture and ">0.5</text>" in picture


def test_the_picture_of_a_schedule_is_as_high_as_the_rates():
    _, places = drawn(schedule="step", schedule_every=5, schedule_gamma=0.5)
    assert sorted(set(places[:, 1])) == [18, 51]
    assert (places[:, 1] == 18).sum() == (places[:, 1] == 51).sum()
    assert ">1 epoch</text>" in drawn(epochs=1)[0]


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
