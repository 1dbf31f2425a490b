"""A step to go through: each call with the arrays that it read and left, units and edges as they are then."""

import json

import numpy as np
import pytest

from engine.explain.facts import step_facts
from engine.explain.playback import CELLS, UNITS_DRAWN, played_back, reduced
from engine.explain.step import ExplainedStep
from tests.explain.prepared import SETTINGS, prepared, state_at


def played(row=None, step=3, **settings):
    config, dataset = prepared(**settings)
    explained = ExplainedStep(config, dataset, state_at(config, dataset, step), row, config.dtype)
    return played_back(explained), explained, config, dataset


def left(found, name):
    """Return what was left last under a name."""
    seen = [each for call in found.calls for each in call.writes if each.name == name]
    return found.arrays[seen[-1].place]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_it_ends_at_the_weights_of_the_next_step_bit_for_bit_and_is_plain_data(settings):
    found, _, config, dataset = played(**settings)
    after = state_at(config, dataset, 4).theta
    last = found.calls[-1]
    assert last.phase == "update" and last.writes[0].name == "θ"
    if after.size <= CELLS**2:
        assert left(found, "θ").tobytes() == after.tobytes()
    assert json.loads(json.dumps(found.plain, allow_nan=False))["loss"] == found.loss


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_what_a_call_reads_is_what_the_calls_before_it_left(settings):
    found, _, _, _ = played(**settings)
    written = {}
    for call in found.calls:
        for seen in call.reads:
            held = written.get(seen.name)
            is_view = seen.name.startswith("running_") or seen.name in ("g", "θ")
            assert held is None or is_view or np.array_equal(found.arrays[held], found.arrays[seen.place])
        written |= {seen.name: seen.place for seen in call.writes}


def test_a_weighted_sum_is_the_product_of_the_arrays_beside_it():
    found, _, _, _ = played(5)
    (call,) = [each for each in found.calls if each.label == "z2 = W2 a1 + b2"]
    weights, inputs, biases = (found.arrays[seen.place] for seen in call.reads)
    assert [seen.name for seen in call.reads] == ["W2", "a1", "b2"]
    np.testing.assert_allclose(found.arrays[call.writes[0].place], weights @ inputs + biases, rtol=1e-6)


def test_units_show_what_the_calls_so_far_have_left_and_no_number_that_is_only_a_part_of_it():
    found, _, _, _ = played(5, activation="sigmoid")
    labels = [call.label for call in found.calls]
    assert labels.count("a1 = exp(a1)") == 1, "a sigmoid is computed in several calls"
    shows = [(labels[place], kind) for place, kind, _ in found.units[1]["shows"]]
    assert shows == [
        ("z1 = W1 a0 + b1", "value"),
        ("a1 = 1 / a1", "value"),
        ("da1 = W2ᵀ dz2", "error"),
        ("dz1 = da1 ⊙ s1", "error"),
    ]
    np.testing.assert_allclose(found.units[1]["shows"][1][2], left(found, "a1").mean(axis=1), rtol=1e-6)
    assert found.units[0]["shows"][0][:2] == [-1, "value"]


def test_what_flows_back_along_an_edge_is_the_error_at_its_unit_times_its_weight():
    found, explained, _, _ = played(5)
    error = left(found, "dz2").astype(np.float64)[:, 0]
    weights = explained.named(explained.before)["dense2.weight"]
    np.testing.assert_allclose(found.edges[1]["flow"], np.abs(weights * error[:, None]), rtol=1e-5)
    np.testing.assert_allclose(found.edges[1]["gradient"], left(found, "dW2"), rtol=1e-5)


def test_of_a_wide_layer_the_units_are_drawn_through_which_most_of_the_error_goes():
    found, _, _, _ = played(5, hidden_sizes=[40, 5])
    drawn = found.units[1]["drawn"]
    sizes = np.abs(left(found, "dz1"))[:, 0]
    assert len(drawn) == UNITS_DRAWN and found.units[1]["units"] == 40
    assert sorted(np.argsort(-sizes)[:UNITS_DRAWN]) == drawn
    assert np.shape(found.edges[0]["weights"]) == (UNITS_DRAWN, 2)


def test_a_large_array_is_a_grid_of_the_strongest_entry_of_each_cell():
    array = np.zeros((200, 130))
    array[100, 70], array[199, 129] = -3.0, 2.0
    grid = reduced(array)
    assert grid.shape == (CELLS, CELLS) and grid.min() == -3.0 and grid[-1, -1] == 2.0
    assert np.count_nonzero(grid) == 2
    long = reduced(np.arange(10_000.0))
    assert long.shape == (CELLS, CELLS) and long.max() == 9_999.0


def test_a_step_of_a_diverged_run_says_of_its_numbers_that_they_are_not_finite():
    config, dataset = prepared()
    state = state_at(config, dataset, 1)
    state.theta[:] = np.nan
    found = played_back(ExplainedStep(config, dataset, state, 5, config.dtype))
    assert found.units[1]["shows"][0][2] == [None] * 6
    assert np.isnan(left(found, "θ")).all()


def test_each_call_says_what_it_does_and_one_that_is_written_again_that_it_is_on_the_way():
    found, _, _, _ = played(5, activation="sigmoid", optimizer="adam", dropout=0.2, clip_norm=1.0)
    said = {call.label: call.meaning for call in found.calls}
    assert said["dW1 = dz1 a0ᵀ, db1 = sum_batch(dz1)"].startswith("The gradient of each weight")
    assert said["a1 = exp(a1)"].startswith("On the way to a1. ")
    assert said["a1 = 1 / a1"] == "The activation bends the sum of each unit."
    assert said["θ = θ - Δθ"] == "Every weight takes the step that the rule has worked out for it."
    assert all(meaning.endswith(".") for meaning in said.values())


def test_a_sum_without_a_bias_is_not_said_to_have_one():
    meanings = {
        normalization: played(normalization=normalization)[0].calls[0].meaning
        for normalization in ("none", "batch")
    }
    assert "and its bias" in meanings["none"] and "and its bias" not in meanings["batch"]


def test_facts_say_where_each_weight_stands_among_all():
    config, dataset = prepared(normalization="layer")
    explained = ExplainedStep(config, dataset, state_at(config, dataset, 1), 5).finish()
    places = explained.named(np.arange(explained.before.size))
    for number, each in enumerate(step_facts(explained, dataset)["places"], start=1):
        unit, source = 2 if number < 3 else 0, 1
        found = each["weight"] + unit * each["step"] + source
        assert found == places[f"dense{number}.weight"][unit, source]
        if f"dense{number}.bias" in places:
            assert each["bias"] + unit * each["biasStep"] == places[f"dense{number}.bias"][unit]


@pytest.mark.parametrize(
    ("settings", "is_said"),
    [
        ({}, True),
        ({"dataset": "digits"}, True),
        ({"label_smoothing": 0.1}, False),
        ({"dataset": "sine"}, False),
    ],
)
def test_where_the_error_is_prediction_minus_target_it_is_said_and_so_it_is(settings, is_said):
    found, explained, _, _ = played(None, **settings)
    (call,) = [each for each in found.calls if "(p - y) / rows" in each.meaning] or [None]
    assert (call is not None) == is_said
    if call is not None:
        outputs = left(found, f"z{explained.network.depth}").astype(np.float64)
        predicted = explained.network.loss.decide(outputs.T).T
        error = (predicted - explained.recording.target) / len(explained.rows)
        np.testing.assert_allclose(found.arrays[call.writes[0].place], error, rtol=1e-4, atol=1e-7)
