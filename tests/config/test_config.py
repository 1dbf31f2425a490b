"""A configuration refuses what cannot be used, in one sentence that names the setting."""

import numpy as np
import pytest

from engine.config import ConfigError, config_from_json, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.settings import SETTINGS, applies
from engine.config.text import value_from_text
from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import INITIALIZERS
from engine.nn.losses import LOSSES
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.tape import Arena, Tape
from engine.training.schedule import SCHEDULES
from tests.config.refused import REFUSED


def value_of(name, z):
    """Return what an activation makes of one number."""
    arena, tape = Arena([("input", "z", 1), ("activation", "a", 1)], 1, np.float64), Tape(np.float64)
    ACTIVATIONS[name].forward(tape, arena.blocks["z"], arena.blocks["a"])
    arena.blocks["z"].values[...] = z
    tape.replay()
    return float(arena.blocks["a"].values[0, 0])


KINDS = (
    "choice",
    "choice or list",
    "integer",
    "number",
    "switch",
    "text",
    "list",
    "list or word",
    "number or list",
    "integer or full",
)
CLASSES = DataFacts("classification", 3, 100)


@pytest.mark.parametrize(("values", "sentence"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_value_out_of_range_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(ConfigError) as refused:
        parse_config(values)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("values", "guess"),
    [({"lrr": 0.1}, "learning_rate"), ({"epoch": 3}, "epochs"), ({"activation": "rleu"}, "relu")],
)
def test_an_unknown_name_is_answered_with_the_nearest_known_one(values, guess):
    with pytest.raises(ConfigError, match=f"did you mean '{guess}'"):
        parse_config(values)


def test_depth_and_width_stand_for_hidden_sizes():
    assert parse_config({"depth": 3, "width": 8}).hidden_sizes == (8, 8, 8)


def test_short_names_of_initialisers_stand_for_their_full_names():
    assert parse_config({"initializer": "xavier"}).initializer == "xavier_uniform"


@pytest.mark.parametrize(
    ("settings", "rates"),
    [({"dropout": 0.5}, (0.5, 0.5)), ({"dropout": [0, 0.25]}, (0, 0.25)), ({"dropout": 0.5, "depth": 0}, ())],
)
def test_one_dropout_stands_for_every_hidden_layer_and_a_list_for_each(settings, rates):
    assert parse_config(settings).dropout_rates == rates


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"activation": "relu"}, ("relu", "relu")),
        ({"activation": ["relu", "tanh"]}, ("relu", "tanh")),
        ({"activation": ("gelu", "gelu")}, ("gelu", "gelu")),
        ({"activation": "relu", "depth": 0}, ()),
    ],
)
def test_one_activation_stands_for_every_hidden_layer_and_a_list_for_each(settings, names):
    assert parse_config(settings).activations == names


HE, LECUN, XAVIER = "he_normal", "lecun_normal", "xavier_uniform"


@pytest.mark.parametrize(
    ("settings", "starts", "resolved"),
    [
        ({"activation": "relu"}, (HE, HE, HE), HE),
        ({"activation": "relu", "depth": 0}, (HE,), HE),
        ({"activation": ["relu", "silu"]}, (HE, HE, HE), HE),
        ({"activation": ["relu", "tanh"]}, (HE, XAVIER, XAVIER), "auto"),
        ({"activation": ["tanh", "selu"], "initializer_gain": 2.0}, (XAVIER, LECUN, LECUN), "auto"),
        ({"activation": ["relu", "tanh"], "initializer": "lecun"}, (LECUN, LECUN, LECUN), LECUN),
    ],
)
def test_auto_starts_each_layer_by_its_own_activation_and_the_output_as_the_last_hidden_one(
    settings, starts, resolved
):
    config = resolve(parse_config(settings), CLASSES)
    assert (config.initializers, config.initializer) == (starts, resolved)
    assert resolve(config, CLASSES) == config


def test_a_list_of_one_value_for_all_layers_is_kept_as_written_and_shortened_on_request():
    config = parse_config({"activation": ["relu", "relu"], "dropout": [0.1, 0.1]})
    assert (config.activation, config.dropout) == (("relu", "relu"), (0.1, 0.1))
    assert config.shortened() == parse_config({"activation": "relu", "dropout": 0.1})
    mixed = parse_config({"activation": ["relu", "tanh"], "dropout": [0.1, 0.2]})
    assert mixed.shortened() == mixed


def test_an_activation_in_a_list_that_no_plugin_defines_any_more_is_named():
    with pytest.raises(ConfigError, match="activation gone is not known here: put the file that defines it"):
        config_from_json('{"activation": ["relu", "gone"]}')


def test_a_configuration_written_as_json_is_read_back_equal():
    config = parse_config(
        {
            "hidden_sizes": [5, 5],
            "batch_size": "full",
            "clip_norm": 1.0,
            "dropout": [0, 0.2],
            "activation": ["relu", "tanh"],
            "residual": True,
        }
    )
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"seed": 1, "seed": 2}', "once"),
        ('{"learning_rate": NaN}', "finite"),
        ("{", "JSON"),
        ("[]", "object"),
    ],
)
def test_json_that_could_be_misread_is_refused(text, part):
    with pytest.raises(ConfigError, match=part):
        config_from_json(text)


@pytest.mark.parametrize("name", SETTINGS["activation"].choices)
def test_auto_becomes_he_where_half_of_the_signal_is_lost_lecun_for_selu_and_xavier_otherwise(name):
    left, right = value_of(name, -10), value_of(name, 10)
    he = "he_normal" if abs(left) < 1.1 and right > 5 else "xavier_uniform"
    expected = "lecun_normal" if name == "selu" else he
    assert resolve(parse_config({"activation": name}), CLASSES).initializer == expected


@pytest.mark.parametrize(
    ("setting", "registry", "more"),
    [
        ("activation", ACTIVATIONS, []),
        ("loss", LOSSES, ["auto"]),
        ("initializer", INITIALIZERS, ["auto"]),
        ("optimizer", OPTIMIZERS, []),
        ("schedule", SCHEDULES, []),
    ],
)
def test_what_can_be_chosen_is_what_the_engine_has(setting, registry, more):
    assert sorted(SETTINGS[setting].choices) == sorted([*registry, *more])


def test_activations_and_optimizers_are_listed_in_the_engines_order_common_ones_first():
    assert SETTINGS["activation"].choices == tuple(ACTIVATIONS)
    assert SETTINGS["optimizer"].choices == tuple(OPTIMIZERS)
    assert SETTINGS["schedule"].choices == tuple(SCHEDULES)


def test_only_the_settings_of_the_chosen_optimizer_are_filled_in():
    resolved = resolve(parse_config({"optimizer": "momentum"}), CLASSES)
    assert (resolved.momentum, resolved.beta1, resolved.eps) == (0.9, None, None)


def test_a_loss_that_does_not_fit_the_target_is_refused():
    with pytest.raises(
        ConfigError, match="loss must be one of mse, mae, huber, smooth_l1 for a regression target"
    ):
        resolve(parse_config({"dataset": "sine", "loss": "cross_entropy"}), DataFacts("regression", 0, 100))


@pytest.mark.parametrize("settings", [{"label_smoothing": 0.1}, {"class_weights": "balanced"}], ids=str)
def test_what_is_said_of_classes_is_refused_for_real_targets(settings):
    with pytest.raises(ConfigError, match="applies only to classes, got a regression target"):
        resolve(parse_config({"dataset": "sine", **settings}), DataFacts("regression", 0, 100))


def test_class_weights_name_each_class_once():
    with pytest.raises(ConfigError, match="class_weights must name 3 weights, got 2"):
        resolve(parse_config({"class_weights": [1.0, 2.0]}), CLASSES)


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ConfigError, match="batch_size must be at most the 100 training rows, got 101"):
        resolve(parse_config({"batch_size": 101}), CLASSES)


@pytest.mark.parametrize(
    ("rows", "batch_size", "good"), [(100, 1, 2), (100, 9, 8), (100, 99, 98), (7, 3, 4), (2, 1, 2)]
)
def test_batch_norm_refuses_a_batch_of_one_row_and_names_the_nearest_good_size(rows, batch_size, good):
    config = parse_config({"normalization": "batch", "batch_size": batch_size, "last_batch": "keep"})
    sentence = (
        f"batch_size must leave no batch of a single row of the {rows} training rows with normalization "
        f"batch, such as {good}, got {batch_size}"
    )
    with pytest.raises(ConfigError) as refused:
        resolve(config, DataFacts("classification", 3, rows))
    assert str(refused.value) == sentence
    resolve(config.model_copy(update={"batch_size": good}), DataFacts("classification", 3, rows))


@pytest.mark.parametrize(
    "settings",
    [
        {"normalization": "batch", "batch_size": "full"},
        {"normalization": "batch", "batch_size": 10},
        {"normalization": "batch", "batch_size": 99},
        {"normalization": "batch", "batch_size": 99, "last_batch": "drop"},
        {"normalization": "batch", "batch_size": 1, "hidden_sizes": []},
        {"normalization": "layer", "batch_size": 1},
    ],
    ids=str,
)
def test_batches_of_two_rows_or_more_and_other_networks_are_accepted(settings):
    resolve(parse_config(settings), CLASSES)


@pytest.mark.parametrize("last_batch", ["auto", "spread"])
def test_rows_that_cannot_be_spread_over_batches_of_two_are_refused_with_batch_norm(last_batch):
    config = parse_config({"normalization": "batch", "batch_size": 2, "last_batch": last_batch})
    with pytest.raises(ConfigError, match=r"single row of the 101 training rows .* such as 3, got 2"):
        resolve(config, DataFacts("classification", 3, 101))


def test_the_last_batch_is_spread_by_default_only_where_the_statistics_of_a_batch_count():
    def decided(**settings):
        return resolve(parse_config(settings), CLASSES).last_batch

    assert decided(normalization="batch", batch_size=32) == "spread"
    assert decided(normalization="batch", batch_size=25) == "keep"
    assert decided(normalization="batch", batch_size="full") == "keep"
    assert decided(batch_size=32) == decided(normalization="layer", batch_size=32) == "keep"
    assert decided(batch_size=32, last_batch="drop") == "drop"


def test_batch_norm_on_a_single_training_row_is_refused():
    config = parse_config({"normalization": "batch", "batch_size": "full"})
    with pytest.raises(ConfigError, match="normalization batch needs 2 training rows or more, got 1"):
        resolve(config, DataFacts("regression", 0, 1))


def test_every_setting_has_a_sentence_of_help_and_a_known_kind():
    for setting in SETTINGS.values():
        assert len(setting.description) > 10
        assert setting.kind in KINDS


def test_the_settings_of_adam_apply_with_adam_alone():
    explained = SETTINGS["beta1"].explained
    assert applies(explained, {"optimizer": "adam"}) and not applies(explained, {"optimizer": "sgd"})


def test_text_from_a_command_line_becomes_the_value_of_its_setting():
    assert value_from_text("hidden_sizes", "64, 32") == [64, 32]
    assert value_from_text("batch_size", "full") == "full"
    assert value_from_text("clip_norm", "none") is None
    assert value_from_text("learning_rate", "1e-3") == 0.001
    assert value_from_text("class_weights", "1, 2.5") == [1, 2.5]
    assert [value_from_text("dropout", text) for text in ("0.2", "0.2, 0", "[0.2]")] == [0.2, [0.2, 0], [0.2]]
    texts = ("relu", "relu, tanh", "[relu]")
    assert [value_from_text("activation", text) for text in texts] == ["relu", ["relu", "tanh"], ["relu"]]
    assert value_from_text("residual", "true") is True
    assert value_from_text("class_weights", "balanced") == "balanced"
    assert value_from_text("schedule_milestones", "30") == [30]
    assert value_from_text("schedule_milestones", "30, 60") == [30, 60]
    assert value_from_text("restore_best", "True") is True
