"""Records hold the numbers of their own step: counted here from the weights before and after each update."""

import numpy as np
import pytest

from engine.training.evaluation import activation_statistics, evaluate, fixed_rows
from engine.training.model import build_network
from engine.training.plan import plan
from engine.training.telemetry import LAYER_INDEX, LAYER_STATISTICS
from engine.training.trainer import train
from tests.training.short_runs import records_of, start

# One layer of weights grows fast, so that numbers of one update and the next are far apart.
FAST = {"hidden_sizes": [5, 4], "dtype": "float64", "optimizer": "sgd", "learning_rate": 2.0}


def records_and_weights(settings):
    """Return each record of a run that records every update, with the weights before and after it."""
    config, dataset, state = start(**settings, record_every=1)
    found, before = [], state.theta.copy()
    for record in train(config, dataset, state):
        if record is not None:
            found.append((record, before, state.theta.copy()))
            before = state.theta.copy()
    return config, dataset, found


@pytest.mark.parametrize("settings", [FAST, {**FAST, "clip_value": 0.01}], ids=["plain", "clipped"])
def test_norms_of_an_update_are_those_of_the_weights_before_and_after_it(settings):
    config, dataset, found = records_and_weights(settings)
    starts = build_network(config, dataset).parameters.starts

    def norms(vector):
        return np.sqrt(np.add.reduceat(np.square(vector), starts))

    assert len(found) == plan(config, dataset).total_steps + 1
    for record, before, after in found[1:]:
        layers = {name: record.layers[:, place] for name, place in LAYER_INDEX.items()}
        np.testing.assert_allclose(layers["weight_norm"], norms(after), rtol=1e-9)
        np.testing.assert_allclose(layers["update_ratio"], norms(after - before) / norms(before), rtol=1e-9)
        ratio = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert record["update_ratio"] == pytest.approx(ratio, rel=1e-9)
        applied = np.linalg.norm(after - before) / config.learning_rate
        assert record["grad_norm_clipped"] == pytest.approx(applied, rel=1e-9)
    changes = [abs(np.linalg.norm(after) / np.linalg.norm(before) - 1) for _, before, after in found[1:]]
    assert max(changes) > 1e-4


def test_the_gradient_of_a_layer_is_measured_before_clipping_as_that_of_the_whole_network_is():
    plain, clipped = (
        records_of(*start(**FAST, record_every=1, **more)) for more in ({}, {"clip_norm": 0.01})
    )
    place = LAYER_INDEX["grad_norm"]
    np.testing.assert_array_equal(plain[1].layers[:, place], clipped[1].layers[:, place])
    for record in clipped[1:]:
        total = np.linalg.norm(record.layers[:, place])
        assert total == pytest.approx(record["grad_norm"]) and total > 2 * record["grad_norm_clipped"]


def test_the_epoch_of_a_record_is_its_updates_over_those_of_an_epoch():
    config, dataset, state = start(record_every=1)
    per_epoch, records = plan(config, dataset).steps_per_epoch, records_of(config, dataset, state)
    assert per_epoch > 1 and [record.step for record in records] == list(range(3 * per_epoch + 1))
    assert [record["epoch"] for record in records] == [record.step / per_epoch for record in records]
    assert records[0]["epoch"] == 0 and records[-1]["epoch"] == config.epochs


def test_the_order_of_rows_follows_from_the_seed():
    first, again, other = (start(seed=seed)[2].shuffling.permutation(100).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_an_equal_validation_loss_does_not_move_the_best_step():
    config, dataset, state = start(learning_rate=1e-30, record_every=1)
    losses = [record["val_loss"] for record in records_of(config, dataset, state)]
    assert len(set(losses)) == 1 and len(losses) > 3
    assert (state.best_step, state.best_val_loss) == (0, losses[0])


def test_a_unit_is_dead_that_is_above_0_on_less_than_one_percent_of_the_rows():
    config, dataset, _ = start(activation="relu", hidden_sizes=[5], samples=600, validation_fraction=1 / 3)
    network = build_network(config, dataset)
    _, _, recording = evaluate(network, fixed_rows(config, dataset)[0])
    outputs = recording.arena.blocks["a1"].values
    assert outputs.shape == (5, 400)
    outputs[...] = 0
    for unit, active in enumerate((0, 3, 4, 5, 200)):
        outputs[unit, :active] = 1
    layers = np.full((network.depth, len(LAYER_STATISTICS)), np.nan)
    activation_statistics(network, recording, layers)
    assert layers[0, LAYER_INDEX["dead_fraction"]] == 2 / 5
