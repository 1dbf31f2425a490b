"""A learning rate or a weight changed by hand takes effect before the next update, and only there."""

import numpy as np
import pytest

from engine.config import ConfigError
from engine.training.interventions import Change, apply_change, check_change, value_before, weight_change
from engine.training.model import build_network
from engine.training.state import State
from engine.training.trainer import train
from tests.training.short_runs import start


def network_of(**settings):
    config, dataset, state = start(**settings)
    return config, build_network(config, dataset), state


def rates_of(changes, settings, stop=None):
    """Return the learning rate of each update by its number, resumed from bytes after update ``stop``."""
    config, dataset, state = start(record_every=1, **settings)
    rates = {}
    for record in train(config, dataset, state, changes):
        if record is not None and record.step:
            rates[record.step] = record["learning_rate"]
        if state.step == stop:
            break
    if stop:
        state = State.from_bytes(state.to_bytes())
        for record in train(config, dataset, state, changes):
            if record is not None and record.step:
                rates[record.step] = record["learning_rate"]
    return rates, state.theta.tobytes()


@pytest.mark.parametrize("stop", [None, 2, 3, 5])
def test_a_changed_learning_rate_holds_from_the_next_update_on_whether_or_not_the_run_was_resumed(stop):
    settings = {"learning_rate": 0.01, "optimizer": "momentum"}
    changes = [Change(3, "learning_rate", "0.5"), Change(5, "learning_rate", "0.002")]
    rates, weights = rates_of(changes, settings, stop)
    expected = {step: 0.01 if step <= 3 else 0.5 if step <= 5 else 0.002 for step in rates}
    assert rates == expected and min(rates) == 1 and max(rates) > 6
    assert weights == rates_of(changes, settings)[1] != rates_of([], settings)[1]


def test_a_schedule_goes_on_from_the_changed_learning_rate():
    settings = {"learning_rate": 0.1, "schedule": "cosine"}
    plain, _ = rates_of([], settings)
    changed, _ = rates_of([Change(4, "learning_rate", "0.3")], settings)
    assert changed == pytest.approx({step: rate * (3 if step > 4 else 1) for step, rate in plain.items()})


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize(("source", "column"), [(1, 0), (2, 1)])
def test_a_weight_is_set_at_its_layer_unit_and_input_counted_from_1(normalization, source, column):
    config, network, state = network_of(normalization=normalization)
    new = weight_change(1, 4, source, -7.5)
    check_change("weight", new, config, network)
    before = value_before("weight", new, config, network, state)
    assert before == f"{network.dense[0].matrix[3, column]:.9g}"
    expected = network.parameters.theta.copy()
    apply_change(Change(0, "weight", new), network, state)
    assert network.dense[0].matrix[3, column] == -7.5 and state.changes_made == 1
    assert np.sum(network.parameters.theta != expected) == 1


def test_source_0_is_the_bias_which_a_layer_before_batch_norm_has_not():
    config, network, state = network_of()
    apply_change(Change(0, "weight", weight_change(2, 1, 0, 0.25)), network, state)
    bias = network.dense[1].bias
    assert bias is not None and bias[0] == 0.25
    config, network, _ = network_of(normalization="batch")
    with pytest.raises(ConfigError, match="source must be from 1 to 2 in layer 1, got 0"):
        check_change("weight", weight_change(1, 1, 0, 0.0), config, network)


def test_what_a_new_learning_rate_replaces_is_the_one_of_now():
    config, network, state = network_of(learning_rate=0.25)
    assert value_before("learning_rate", "0.5", config, network, state) == "0.25"
    apply_change(Change(0, "learning_rate", "0.5"), network, state)
    assert value_before("learning_rate", "0.1", config, network, state) == "0.5"


@pytest.mark.parametrize(
    ("field", "new", "sentence"),
    [
        ("learning_rate", "-1", "learning_rate must be > 0, got -1.0"),
        ("learning_rate", "fast", "learning_rate must be a number, got 'fast'"),
        ("weight", weight_change(0, 1, 1, 0.0), "weight: layer must be from 1 to 2, got 0"),
        ("weight", weight_change(1, 6, 1, 0.0), "weight: unit must be from 1 to 5 in layer 1, got 6"),
        ("weight", weight_change(1, 0, 1, 0.0), "weight: unit must be from 1 to 5 in layer 1, got 0"),
        ("weight", weight_change(1, 1, 3, 0.0), "weight: source must be from 0 to 2 in layer 1, got 3"),
        ("weight", weight_change(1, 1, 1, 1e39), "weight: value must be a finite number, got 1e+39"),
        ("weight", '{"layer": 1}', 'weight must name layer, unit, source and value, got {"layer": 1}'),
        ("seed", "3", "only learning_rate and weight can be changed in a run, got seed"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_one_sentence(field, new, sentence):
    config, network, _ = network_of()
    with pytest.raises(ConfigError) as refused:
        check_change(field, new, config, network)
    assert str(refused.value) == sentence
