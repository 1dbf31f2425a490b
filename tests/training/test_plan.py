"""A plan stays within the run and within its budgets, counted from sizes alone."""

import pytest

from engine.training.estimates import evaluation_seconds, step_seconds
from engine.training.plan import plan
from engine.training.stack import most_together
from tests.training.short_runs import start


@pytest.mark.parametrize("every", [None, 1, 2, 7, 1000])
def test_what_is_recorded_evaluated_and_kept_lies_within_the_run_both_ends_included(every):
    config, dataset, _ = start(epochs=40, record_every=every)
    planned = plan(config, dataset)
    assert planned.total_steps == 40 * planned.steps_per_epoch
    for steps in (planned.record_steps, planned.evaluation_steps, planned.snapshot_steps):
        assert (min(steps), max(steps)) == (0, planned.total_steps)
    assert planned.snapshot_steps | planned.evaluation_steps <= planned.record_steps
    if every:
        assert set(range(0, planned.total_steps + 1, every)) <= planned.record_steps


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"hidden_sizes": [5]}, 200),
        ({"hidden_sizes": [512, 512]}, 8 * 2**20 // (4 * (512 * 3 + 512 * 513 + 513))),
        ({"hidden_sizes": [512, 512], "dtype": "float64"}, 8 * 2**20 // (8 * (512 * 3 + 512 * 513 + 513))),
        ({"hidden_sizes": [2000, 2000]}, 2),
    ],
)
def test_snapshots_are_two_hundred_or_what_fits_into_eight_megabytes_and_two_at_least(settings, kept):
    config, dataset, _ = start(**settings, samples=6000, batch_size=1, epochs=10)
    found = plan(config, dataset).snapshot_steps
    assert len(found) == kept if kept < 100 else 0.97 * kept <= len(found) <= kept  # the first coincide
    if kept > 2:
        middle = plan(config, dataset).total_steps / 4
        assert sum(step <= middle for step in found) >= 0.95 * (kept / 2 - 1)


def test_records_are_two_thousand_at_most_beside_the_evaluations():
    config, dataset, _ = start(samples=6000, batch_size=1, epochs=10)
    planned = plan(config, dataset)
    assert 1900 <= len(planned.record_steps - planned.evaluation_steps) <= 2001
    assert len(planned.evaluation_steps) <= 401


def test_estimates_count_calls_then_parameters_then_arithmetic():
    """Half of the operations a second with 64 columns; three passes an update, one an evaluation."""
    assert step_seconds(2, 0, 64) == pytest.approx(16e-6)
    assert step_seconds(5, 0, 64) == pytest.approx(28e-6)
    product = 2 * 9000 * 64 / 4.5e10
    assert step_seconds(2, 9000, 64) == pytest.approx(16e-6 + 9e-6 + 3 * product)
    assert evaluation_seconds(0, 10, 10) == pytest.approx(60e-6)
    assert evaluation_seconds(9000, 64, 64) == pytest.approx(60e-6 + 2 * product)
    assert evaluation_seconds(9000, 64, 192) == pytest.approx(60e-6 + 3 * product)


@pytest.mark.parametrize(
    ("settings", "parameters", "vectors", "units", "blocks", "itemsize"),
    [
        ({"optimizer": "sgd"}, 2 * 48 + 48 + 49, 2 + 0 + 3, 51, 2, 4),
        ({"optimizer": "adam"}, 2 * 48 + 48 + 49, 2 + 2 + 3, 51, 2, 4),
        ({"optimizer": "adam", "dtype": "float64"}, 2 * 48 + 48 + 49, 2 + 2 + 3, 51, 2, 8),
        ({"optimizer": "sgd", "dropout": 0.5}, 2 * 48 + 48 + 49, 2 + 0 + 3, 51, 3, 4),
        ({"optimizer": "sgd", "normalization": "layer"}, 2 * 48 + 3 * 48 + 49, 2 + 0 + 3, 51, 4, 4),
    ],
)
def test_as_many_runs_are_stacked_as_their_vectors_and_activations_fit_into_a_megabyte(
    settings, parameters, vectors, units, blocks, itemsize
):
    config, dataset, _ = start(hidden_sizes=[48], batch_size=64, samples=200, **settings)
    assert plan(config, dataset).parameters == parameters
    each = itemsize * (parameters * vectors + 2 * units * blocks * 64)
    assert most_together(config, dataset) == min(32, 2**20 // each)
