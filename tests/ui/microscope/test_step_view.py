"""What the browser is sent of a step."""

import json

import numpy as np
import pytest

from engine.explain.neuron import Neuron, neuron_data
from tests.explain.prepared import prepared, state_at
from ui.microscope.neuron_text import describe_outcome
from ui.microscope.step import CODE_UP_TO, step_view


def view(row=5, **settings):
    config, dataset = prepared(**settings)
    return step_view(config, dataset, state_at(config, dataset, 2), row)


def test_arrays_are_found_where_the_header_says():
    found = view()
    json.dumps(found.header, allow_nan=False)
    (call,) = [each for each in found.header["calls"] if each["label"] == "a1 = tanh(z1)"]
    read, left = (found.header["arrays"][call[part][0]["place"]] for part in ("reads", "writes"))
    values = [
        np.frombuffer(found.blob, f"<{each['kind']}", int(np.prod(each["shape"])), each["offset"])
        for each in (read, left)
    ]
    np.testing.assert_allclose(values[1], np.tanh(values[0]), rtol=1e-6)


def test_the_code_of_a_call_says_the_numbers_of_the_call():
    found = view(activation="sigmoid")
    pairs = zip(found.header["calls"], found.header["code"], strict=True)
    (code,) = [lines for call, lines in pairs if call["label"] == "a1 = min(a1, 88)"]
    assert code == ["a1 = np.minimum(a1, 88)"]


def test_a_large_network_has_no_script_to_read_and_says_so():
    found = view(dataset="digits", hidden_sizes=[80], features=["x1", "x2"])
    assert found.header["facts"]["weights"] > CODE_UP_TO
    assert found.header["script"] == "" and "too many to read" in found.header["scriptNote"]


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ({}, "It gets there: after 3 steps the loss is below a thousandth"),
        ({"rate": 0.001}, "It learns slowly: after 40 steps the loss is still 4.733."),
        ({"activation": "sigmoid"}, "sigmoid cannot reach 4: whatever the weight, the loss is at least 9."),
        ({"activation": "relu", "w": -1.0}, "The weight cannot move: relu has slope 0 at -2"),
        ({"x": 0.0}, "The weight cannot move: the input is 0"),
        ({"w": 2.0}, "The prediction is right from the start"),
    ],
)
def test_what_becomes_of_the_neuron_is_said_with_its_reason(values, start):
    neuron = Neuron(**values)
    assert describe_outcome(neuron, neuron_data(neuron)).startswith(start)
