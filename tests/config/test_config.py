"""A configuration refuses what cannot be used, in one sentence that names the setting."""

import pytest

from engine.config import ConfigError, config_from_json, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.setting import applies
from engine.config.settings import SETTINGS
from engine.config.text import value_from_text
from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import INITIALIZERS
from engine.nn.losses import LOSSES
from engine.nn.rules import OPTIMIZERS

KINDS = ("choice", "integer", "number", "switch", "text", "list", "list or word", "integer or full")
CLASSES = DataFacts("classification", 3, 100)

REFUSED = [
    ({"learning_rate": -0.1}, "learning_rate must be > 0, got -0.1"),
    ({"learning_rate": float("nan")}, "learning_rate must be a finite number, got nan"),
    ({"learning_rate": float("inf")}, "learning_rate must be a finite number, got inf"),
    ({"learning_rate": 1e308}, "learning_rate must be <= 1000000, got 1e+308"),
    ({"hidden_sizes": [0]}, "hidden_sizes must be >= 1, got 0"),
    ({"hidden_sizes": [-1]}, "hidden_sizes must be >= 1, got -1"),
    ({"hidden_sizes": [1.5]}, "hidden_sizes must be a whole number, got 1.5"),
    ({"hidden_sizes": ["64"]}, "hidden_sizes must be a whole number, got '64'"),
    ({"hidden_sizes": [True]}, "hidden_sizes must be a whole number, got True"),
    ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
    ({"batch_size": "some"}, "batch_size must be a whole number or 'full', got 'some'"),
    ({"dropout": 1.0}, "dropout must be < 1, got 1.0"),
    ({"dropout": -0.1}, "dropout must be >= 0, got -0.1"),
    ({"beta1": 1.0}, "beta1 must be < 1, got 1.0"),
    ({"clip_norm": 0}, "clip_norm must be > 0, got 0"),
    ({"clip_value": -1}, "clip_value must be > 0, got -1"),
    ({"epochs": 10**9}, "epochs must be <= 1000000, got 1000000000"),
    ({"seed": -1}, "seed must be >= 0, got -1"),
    ({"seed": 2**64}, "seed must be <= 4294967295, got 18446744073709551616"),
    ({"momentum": 0.9}, "momentum applies only with optimizer momentum or nesterov, got optimizer adam"),
    ({"schedule_every": 3}, "schedule_every applies only with schedule step, got schedule constant"),
    ({"warmup_epochs": 9, "epochs": 8}, "warmup_epochs must be <= epochs (8), got 9"),
    ({"depth": 2, "hidden_sizes": [3]}, "depth is a shorthand for hidden_sizes: give one of them, got both"),
    ({"loss_delta": 2.0}, "loss_delta applies only with loss huber or smooth_l1, got loss auto"),
    ({"class_weights": [1.0, 0.0]}, "class_weights must be > 0, got 0.0"),
    ({"class_weights": "rare"}, "class_weights must be a list or 'balanced', got 'rare'"),
    ({"features": []}, "features must have at least 1 entry, got 0"),
    ({"features": ["x1", "x1"]}, "features must name each feature once, got x1, x1"),
    ({"features": "x1"}, "features must be a list, got 'x1'"),
    (
        {"features": ["x1", "x3"]},
        "features must be one of x1, x2, x1_squared, x2_squared, x1_times_x2, sin_x1, sin_x2, got 'x3' "
        "(did you mean 'x2'?)",
    ),
    (
        {"features": ["x1"], "dataset": "sine"},
        "features applies only with dataset moons or circles or xor or blobs or spiral or spiral3 or plane, "
        "got dataset sine",
    ),
    (
        {"standardize_inputs": "no"},
        "standardize_inputs must be one of on, off, got 'no' (did you mean 'on'?)",
    ),
    ({"depth": -1}, "depth must be a whole number from 0 to 200, got -1"),
]


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


def test_a_configuration_written_as_json_is_read_back_equal():
    config = parse_config({"hidden_sizes": [3, 5], "batch_size": "full", "clip_norm": 1.0})
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
def test_auto_becomes_he_for_relu_and_its_kin_lecun_for_selu_and_xavier_otherwise(name):
    kin = {"relu", "leaky_relu", "elu", "gelu", "softplus", "silu", "mish", "celu", "gelu_tanh", "relu6"}
    he = "he_normal" if name in {*kin, "hard_swish"} else "xavier_uniform"
    expected = "lecun_normal" if name == "selu" else he
    assert resolve(parse_config({"activation": name}), CLASSES).initializer == expected


@pytest.mark.parametrize(
    ("setting", "registry", "more"),
    [
        ("activation", ACTIVATIONS, []),
        ("loss", LOSSES, ["auto"]),
        ("initializer", INITIALIZERS, ["auto", "normal"]),
        ("optimizer", OPTIMIZERS, []),
    ],
)
def test_what_can_be_chosen_is_what_the_engine_has(setting, registry, more):
    assert sorted(SETTINGS[setting].choices) == sorted([*registry, *more])


def test_activations_and_optimizers_are_listed_in_the_engines_order_common_ones_first():
    assert SETTINGS["activation"].choices == tuple(ACTIVATIONS)
    assert SETTINGS["optimizer"].choices == tuple(OPTIMIZERS)


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
    config = parse_config({"normalization": "batch", "batch_size": batch_size})
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
        {"normalization": "batch", "batch_size": 1, "hidden_sizes": []},
        {"normalization": "layer", "batch_size": 1},
    ],
    ids=str,
)
def test_batches_of_two_rows_or_more_and_other_networks_are_accepted(settings):
    resolve(parse_config(settings), CLASSES)


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
    assert value_from_text("class_weights", "balanced") == "balanced"
