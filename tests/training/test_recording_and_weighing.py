"""How often a run is recorded changes nothing in it; balanced class weights give every class an equal say."""

import dataclasses

import numpy as np
import pytest

from engine.nn.losses.classification import BinaryCrossEntropy
from engine.training.interventions import Change
from engine.training.model import build_loss
from engine.training.trainer import train
from tests.training.short_runs import start, without_seconds


def run(changes=(), **settings):
    config, dataset, state = start(epochs=60, batch_size=4, dropout=0.2, clip_norm=0.5, **settings)
    records = [each for each in train(config, dataset, state, changes) if each is not None]
    return {record.step: record for record in records}, state


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rprop"])
@pytest.mark.parametrize("every", [2, 5, 1000])
def test_a_run_that_is_seldom_recorded_trains_with_the_same_bits(optimizer, every):
    changes = [Change(4, "learning_rate", "0.002")]
    often, whole = run(changes, optimizer=optimizer, record_every=1)
    seldom, state = run(changes, optimizer=optimizer, record_every=every)
    assert len(seldom) < 0.8 * len(often)
    assert state.theta.tobytes() == whole.theta.tobytes() and state.step == whole.step
    assert {name: slot.tobytes() for name, slot in state.slots.items()} == {
        name: slot.tobytes() for name, slot in whole.slots.items()
    }
    last = max(seldom)
    assert last == max(often) and without_seconds(seldom[last]) == without_seconds(often[last])


def loss_of(config, dataset) -> BinaryCrossEntropy:
    loss = build_loss(config, dataset)
    assert isinstance(loss, BinaryCrossEntropy)
    return loss


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        ([0, 0, 0, 1], (4 / (2 * 3), 4 / (2 * 1))),
        ([0, 1, 1, 0], (1.0, 1.0)),
        ([1, 1, 1, 1], (4 / 2, 4 / (2 * 4))),
    ],
    ids=["one rare", "equal", "one absent"],
)
def test_balanced_weights_are_rows_over_classes_times_the_rows_of_a_class(labels, weights):
    config, dataset, _ = start(class_weights="balanced")
    dataset = dataclasses.replace(dataset, y_train=np.array(labels))
    assert loss_of(config, dataset).class_weights == pytest.approx(weights)


def test_balanced_weights_come_from_training_rows_alone_and_give_each_class_an_equal_share_of_the_loss():
    config, dataset, _ = start(class_weights="balanced")
    y = np.array([0] * 27 + [1] * 3)
    dataset = dataclasses.replace(dataset, y_train=y, y_val=np.ones(9, int))
    loss = loss_of(config, dataset)
    first, second = loss.class_weights or (0, 0)
    assert first > 0 and 27 * first == pytest.approx(3 * second)
    assert loss.mass(y[np.newaxis]) == pytest.approx(len(y))
