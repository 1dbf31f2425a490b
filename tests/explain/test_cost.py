"""What a gradient costs: counted on the tape, and by finite differences with every weight."""

import numpy as np
import pytest

from engine.explain.cost import cost_data, counted
from engine.explain.facts import step_facts
from engine.explain.step import ExplainedStep
from tests.explain.prepared import prepared, state_at


def finished(row=None, **settings):
    config, dataset = prepared(**settings)
    return ExplainedStep(config, dataset, state_at(config, dataset, 3), row).finish(), dataset


def test_products_are_counted_as_by_hand():
    """Inputs 2, units 3, output 1; 4 rows: 6 + 3 weights forward, and again for their gradients; 3 back."""
    backward, differences = counted([2, 3, 1], 4)
    assert backward.products == 4 * (9 + 9 + 3)
    assert (differences.passes, differences.products) == (2 * 13, 2 * 13 * 4 * 9)


def test_the_tape_has_as_many_matrix_products_as_are_counted():
    step, _ = finished()
    labels = [each.label for each in step.recording.tape.instructions if each.function in (np.dot, np.matmul)]
    assert len([label for label in labels if "W" in label]) == 3 * step.network.depth - 1


def test_finite_differences_take_two_passes_for_each_weight():
    step, _ = finished()
    found = cost_data(step)
    assert found["weights"] == step.before.size
    assert found["differences"]["passes"] == 2 * step.before.size
    assert found["differences"]["products"] > 10 * found["backward"]["products"]
    assert found["differences"]["seconds"] > found["backward"]["seconds"] > 0
    assert [each["width"] for each in found["growth"]] == [2, 4, 8, 16, 32, 64, 128]
    ratios = [each["differences"] / each["backward"] for each in found["growth"]]
    assert ratios == sorted(ratios)


def test_measuring_leaves_the_step_as_it_was():
    step, _ = finished()
    after = step.network.parameters.theta.copy()
    cost_data(step)
    assert np.array_equal(step.network.parameters.theta, after)


def test_facts_name_the_layers_the_row_and_what_was_predicted_of_it():
    step, dataset = finished(5)
    facts = step_facts(step, dataset)
    assert [each["units"] for each in facts["layers"]] == [2, 6, 5, 1]
    assert [each["activation"] for each in facts["layers"]] == ["", "tanh", "tanh", "identity"]
    assert (facts["rows"], facts["row"], facts["target"]) == (1, 5, [float(dataset.y_train[5])])
    assert facts["label"] == dataset.class_names[dataset.y_train[5]]
    raw = float(step.recording.output.values[0, 0])
    assert facts["predicted"] == pytest.approx([1 / (1 + np.exp(-raw))])
    assert "row" not in step_facts(*finished())
