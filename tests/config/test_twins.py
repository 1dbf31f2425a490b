"""Two configurations are compared as they were resolved: what was left open counts as what it became."""

import pytest

from engine.config import parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.twins import decided_settings, differences, differing, same_arithmetic

FACTS = DataFacts("classification", 2, 300)


def resolved(**settings):
    return resolve(parse_config(settings), FACTS)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, {}),
        ({"dropout": 0.5}, {"dropout": (0.0, 0.5)}),
        ({"clip_norm": 1.0}, {"clip_norm": (None, 1.0)}),
        (
            {"activation": "relu"},
            {"activation": ("tanh", "relu"), "initializer": ("xavier_uniform", "he_normal")},
        ),
        ({"activation": "relu", "initializer": "xavier_uniform"}, {"activation": ("tanh", "relu")}),
        ({"activation": ["tanh", "tanh"], "dropout": [0.0, 0.0]}, {}),
        ({"activation": ["tanh", "sigmoid"]}, {"activation": ("tanh", ("tanh", "sigmoid"))}),
        (
            {"activation": ["relu", "tanh"]},
            {
                "activation": ("tanh", ("relu", "tanh")),
                "initializer": ("xavier_uniform", ("he_normal", "xavier_uniform", "xavier_uniform")),
            },
        ),
    ],
)
def test_settings_differ_as_they_were_resolved(settings, found):
    assert differences(resolved(), resolved(**settings)) == found


def test_two_lists_that_start_their_layers_in_different_ways_differ_in_that_too():
    found = differences(resolved(activation=["relu", "tanh"]), resolved(activation=["tanh", "relu"]))
    assert found.keys() == {"activation", "initializer"}
    assert found["initializer"][1] == ("xavier_uniform", "he_normal", "he_normal")


def told(*settings):
    """Return what differs by choice and what follows between configurations on the same data."""
    found = differing([decided_settings(resolved(**each)) for each in settings], [FACTS] * len(settings))
    return list(found.chosen), list(found.following)


def test_another_optimizer_is_one_choice_and_its_settings_follow():
    chosen, following = told({"optimizer": "sgd"}, {"optimizer": "adam"})
    assert chosen == ["optimizer"]
    assert following == ["beta1", "beta2", "eps", "amsgrad"]


def test_a_setting_that_was_given_another_value_than_it_would_take_is_a_choice():
    chosen, following = told({"optimizer": "sgd"}, {"optimizer": "adam", "beta1": 0.5})
    assert chosen == ["optimizer", "beta1"] and "beta1" not in following


def test_auto_against_its_own_value_is_no_difference():
    assert told({"initializer": "auto"}, {"initializer": "xavier_uniform"}) == ([], [])


def test_the_start_of_the_weights_follows_the_activation_unless_it_was_chosen():
    assert told({"activation": "tanh"}, {"activation": "relu"}) == (["activation"], ["initializer"])
    assert told({}, {"initializer": "he_normal"}) == (["initializer"], [])


def test_the_starts_of_layers_follow_a_list_of_activations():
    assert told({"activation": ["relu", "tanh"]}, {"activation": ["tanh", "relu"]}) == (
        ["activation"],
        ["initializer"],
    )
    assert told({"activation": ["tanh", "tanh"]}, {"activation": "tanh"}) == ([], [])


def test_where_decay_acts_follows_from_optimizer_or_decay():
    assert told({"optimizer": "adam"}, {"optimizer": "adam", "weight_decay": 0.1}) == (
        ["weight_decay"],
        ["decay_kind"],
    )
    one, other = {"optimizer": "adam", "weight_decay": 0.1}, {"optimizer": "adamw", "weight_decay": 0.1}
    assert told(one, other) == (["optimizer"], ["decay_kind"])


def test_rows_noise_and_loss_follow_from_the_data():
    digits = DataFacts("classification", 10, 1347)
    settings = [resolved().model_dump(), resolve(parse_config({"dataset": "digits"}), digits).model_dump()]
    found = differing(settings, [FACTS, digits])
    assert found.chosen == ("dataset",)
    assert found.following == ("samples", "noise", "loss")


def test_of_a_run_that_cannot_be_resolved_only_plain_defaults_count_as_left_open():
    settings = [{**resolved().model_dump(), "optimizer": "gone"}, resolved(clip_norm=1.0).model_dump()]
    found = differing(settings, [None, FACTS])
    assert found.chosen == ("optimizer", "clip_norm")


def test_a_single_configuration_differs_from_none():
    assert told({}) == ([], [])


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ({"optimizer": "adam"}, {"optimizer": "adamw"}, True),
        ({"optimizer": "adam", "weight_decay": 0.1}, {"optimizer": "adamw", "weight_decay": 0.1}, False),
        (
            {"optimizer": "adam", "weight_decay": 0.1, "decay_kind": "decoupled"},
            {"optimizer": "adamw", "weight_decay": 0.1},
            True,
        ),
        ({"optimizer": "adam"}, {"optimizer": "adamw", "beta1": 0.5}, False),
        ({"optimizer": "adam"}, {"optimizer": "adamw", "seed": 1}, False),
        ({"optimizer": "adam"}, {"optimizer": "sgd"}, False),
        ({}, {}, False),
    ],
)
def test_two_names_of_one_rule_are_told(one, other, are_same):
    assert same_arithmetic(resolved(**one).model_dump(), resolved(**other).model_dump()) == are_same
