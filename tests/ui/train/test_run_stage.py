"""What the stage shows beside the frames: what was recorded at each of them, charts and sentences."""

import numpy as np
import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.store.records import RecordBuffer, no_records
from engine.training.model import initial_state
from engine.training.trainer import train
from ui.stage import Choices
from ui.train.run_stage import (
    RECORDED,
    SHOWN_AXES,
    STRIPS,
    built_cards,
    cards_from,
    choices_of,
    editable_layers,
    records_at,
)


def series_of(**settings):
    config = parse_config({"epochs": 5, "samples": 100, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    kept = RecordBuffer()
    for record in train(config, dataset, initial_state(config, dataset)):
        if record is not None:
            kept.add(record)
    return kept.series


def test_each_frame_gets_what_was_recorded_at_its_step_or_at_the_last_one_before_it():
    series = series_of()
    steps = [int(series["step"][place]) for place in (0, 3, len(series) - 1)]
    found = records_at(series, [*steps, steps[-1] + 7])
    for name, values in zip(RECORDED, zip(*found, strict=True), strict=True):
        for step, value in zip([*steps, steps[-1]], values, strict=True):
            recorded = series[name][series["step"] == step][0]
            assert value is None if not np.isfinite(recorded) else value == pytest.approx(recorded, rel=1e-4)
    assert records_at(no_records(), [0, 5]) == [[None] * len(RECORDED)] * 2


@pytest.mark.parametrize(
    ("activation", "offered"),
    [
        ("relu", {"grad_norm", "update_ratio", "dead_fraction"}),
        ("tanh", {"grad_norm", "update_ratio", "saturated_fraction"}),
        (["relu", "tanh"], set(STRIPS)),
    ],
)
def test_the_layers_show_what_was_measured_of_them_and_nothing_else(activation, offered):
    assert set(choices_of(series_of(activation=activation)).strips) == offered


@pytest.mark.parametrize("strip", STRIPS)
def test_the_sentence_below_the_layers_is_about_what_they_show(strip):
    series = series_of(activation=["relu", "tanh"])
    built = built_cards(
        series, Choices("step", SHOWN_AXES, False, strip, STRIPS), 3, "a run", sentence="Fine."
    )
    word = {"grad_norm": "gradient", "update_ratio": "update ratio", "dead_fraction": "dead units"}
    assert word.get(strip, "saturated units") in built["strip_sentence"]
    assert built["strip_alt"].startswith(STRIPS[strip])


def test_a_run_without_a_record_has_charts_without_points():
    choices = choices_of(no_records())
    built = built_cards(no_records(), choices, 3, "a run", sentence="Fine.")
    loss, strip = cards_from(built, "state", "run 1", choices)
    assert (loss.title, strip.title) == ("Loss and its gap", "Layers over time")
    assert all(chart.encoded() for card in (loss, strip) for chart in card.charts)


def test_the_layers_that_can_be_edited_have_each_its_activation():
    config = parse_config({"hidden_sizes": [4, 3]})
    assert editable_layers(config) == [{"units": 4, "activation": "tanh"}, {"units": 3, "activation": "tanh"}]
    by_layer = editable_layers(parse_config({"hidden_sizes": [4, 3], "activation": ["relu", "tanh"]}))
    assert [layer["activation"] for layer in by_layer] == ["relu", "tanh"]
    assert editable_layers(parse_config({"hidden_sizes": []})) == []
