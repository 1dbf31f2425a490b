"""Whole trainings end where PyTorch's end: combinations of settings over 20 steps, optimizers over 200."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.reference_cases import (
    LONG,
    STORED,
    draw_numbers,
    largest_difference,
    load,
    run_here,
    start,
    uncovered,
)

NUMBERS, STORED_CASES, TORCH = load()


@pytest.mark.parametrize(
    ("case", "expected"), [pytest.param(*each, id=each[0].name) for each in STORED_CASES]
)
def test_a_training_gives_torchs_losses_gradients_slots_and_weights(case, expected):
    ours = run_here(case, NUMBERS)
    assert {"losses", "rates", "gradient", "learned", "outputs"} <= ours.keys() & expected.keys()
    assert largest_difference(ours, expected) < 1e-9


def test_the_stored_cases_are_many_and_small():
    steps = Counter(case.steps for case, _ in STORED_CASES)
    assert TORCH == "2.13.0"
    assert steps[20] >= 100 and steps[LONG] >= 36
    trained = {
        length: {case.settings["optimizer"] for case, _ in STORED_CASES if case.steps == length}
        for length in steps
    }
    assert trained[20] == trained[LONG]
    assert STORED.stat().st_size < 1_000_000


def test_every_setting_of_the_training_is_drawn_or_named_as_without_part_in_an_update():
    assert uncovered() == []


def test_a_difference_is_noticed():
    case, expected = STORED_CASES[0]
    ours = run_here(case, NUMBERS)
    ours["learned"] = ours["learned"] + 1e-6
    assert largest_difference(ours, expected) > 1e-7
    assert largest_difference({"losses": np.array([np.nan])}, {"losses": np.array([1.0])}) == np.inf
    assert largest_difference({"losses": np.zeros(2)}, {"losses": np.zeros(3)}) == np.inf


def test_weights_start_from_the_pool_in_the_order_of_names():
    pool = draw_numbers()["pool"]
    values = start({"dense1.weight": (2, 4), "norm1.gamma": (2,)}, pool)
    np.testing.assert_array_equal(values["dense1.weight"].ravel(), pool[:8] / 2)
    np.testing.assert_array_equal(values["norm1.gamma"], 1 + 0.2 * pool[8:10])
