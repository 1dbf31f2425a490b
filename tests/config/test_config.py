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

KINDS = (
    "choice",
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
    ({"dropout": [0.1, 1.0]}, "dropout must be < 1, got 1.0"),
    ({"dropout": [0.1]}, "dropout must be one number or one for each of the 2 hidden layers, got 1"),
    ({"dropout": []}, "dropout must be one number or one for each of the 2 hidden layers, got 0"),
    ({"dropout": [0.1], "depth": 0}, "dropout must be one number, got 1"),
    (
        {"residual": True, "depth": 0},
        "hidden_sizes must have two equal widths side by side with residual, got []",
    ),
    (
        {"residual": True, "depth": 1},
        "hidden_sizes must have two equal widths side by side with residual, got [16]",
    ),
    (
        {"residual": True, "hidden_sizes": [8, 4, 8]},
        "hidden_sizes must have two equal widths side by side with residual, got [8, 4, 8]",
    ),
    ({"residual": 1}, "residual must be true or false, got 1"),
    ({"beta1": 1.0}, "beta1 must be < 1, got 1.0"),
    ({"clip_norm": 0}, "clip_norm must be > 0, got 0"),
    ({"clip_value": -1}, "clip_value must be > 0, got -1"),
    ({"epochs": 10**9}, "epochs must be <= 1000000, got 1000000000"),
    ({"seed": -1}, "seed must be >= 0, got -1"),
    ({"seed": 2**64}, "seed must be <= 4294967295, got 18446744073709551616"),
    (
        {"momentum": 0.9},
        "momentum applies only with optimizer momentum or nesterov or rmsprop, got optimizer adam",
    ),
    (
        {"optimizer": "nesterov", "dampening": 0.1},
        "dampening applies only with optimizer momentum, got optimizer nesterov",
    ),
    ({"optimizer": "momentum", "dampening": 1.0}, "dampening must be < 1, got 1.0"),
    ({"beta2": 1.0}, "beta2 must be < 1, got 1.0"),
    ({"eps": 0.0}, "eps must be > 0, got 0.0"),
    ({"optimizer": "adadelta", "rho": 1.0}, "rho must be < 1, got 1.0"),
    ({"optimizer": "adagrad", "lr_decay": -0.1}, "lr_decay must be >= 0, got -0.1"),
    ({"optimizer": "nadam", "momentum_decay": -1.0}, "momentum_decay must be >= 0, got -1.0"),
    ({"optimizer": "rprop", "eta_minus": 1.2}, "eta_minus must be < 1, got 1.2"),
    ({"optimizer": "rprop", "eta_plus": 0.5}, "eta_plus must be > 1, got 0.5"),
    ({"optimizer": "rprop", "step_size_min": 60.0}, "step_size_min must be <= step_size_max (50), got 60"),
    (
        {"optimizer": "rprop", "step_size_max": 1e-7},
        "step_size_min must be <= step_size_max (1e-07), got 1e-06",
    ),
    (
        {"optimizer": "sgd", "amsgrad": True},
        "amsgrad applies only with optimizer adam or adamw, got optimizer sgd",
    ),
    ({"centered": True}, "centered applies only with optimizer rmsprop, got optimizer adam"),
    ({"l1": -0.1}, "l1 must be >= 0, got -0.1"),
    ({"clip_layer_norm": 0}, "clip_layer_norm must be > 0, got 0"),
    (
        {"decay_kind": "decoupled", "l1": 0.1},
        "decay_kind applies only with weight_decay > 0, got weight_decay 0.0",
    ),
    (
        {"decay_biases": False},
        "decay_biases applies only with weight_decay > 0 or l1 > 0, got weight_decay 0.0 and l1 0.0",
    ),
    ({"decay_biases": None, "l1": 0.1}, "decay_biases must be true or false, got None"),
    (
        {"weight_decay": 0.1, "decay_kind": "l2"},
        "decay_kind must be one of auto, coupled, decoupled, got 'l2'",
    ),
    ({"schedule_every": 3}, "schedule_every applies only with schedule step, got schedule constant"),
    ({"warmup_epochs": 9, "epochs": 8}, "warmup_epochs must be <= epochs (8), got 9"),
    ({"depth": 2, "hidden_sizes": [3]}, "depth is a shorthand for hidden_sizes: give one of them, got both"),
    ({"loss_delta": 2.0}, "loss_delta applies only with loss huber or smooth_l1, got loss auto"),
    ({"class_weights": [1.0, 0.0]}, "class_weights must be > 0, got 0.0"),
    ({"class_weights": "rare"}, "class_weights must be a list or 'balanced', got 'rare'"),
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


@pytest.mark.parametrize(
    ("settings", "rates"),
    [({"dropout": 0.5}, (0.5, 0.5)), ({"dropout": [0, 0.25]}, (0, 0.25)), ({"dropout": 0.5, "depth": 0}, ())],
)
def test_one_dropout_stands_for_every_hidden_layer_and_a_list_for_each(settings, rates):
    assert parse_config(settings).dropout_rates == rates


def test_a_configuration_written_as_json_is_read_back_equal():
    config = parse_config(
        {
            "hidden_sizes": [5, 5],
            "batch_size": "full",
            "clip_norm": 1.0,
            "dropout": [0, 0.2],
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


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"optimizer": "adam", "weight_decay": 0.1}, "coupled"),
        ({"optimizer": "adamw", "weight_decay": 0.1}, "decoupled"),
        ({"optimizer": "lion", "weight_decay": 0.1}, "decoupled"),
        ({"optimizer": "lion", "weight_decay": 0.1, "decay_kind": "coupled"}, "coupled"),
        ({"optimizer": "sgd", "weight_decay": 0.1, "decay_kind": "decoupled"}, "decoupled"),
        ({"optimizer": "adamw"}, "auto"),
    ],
    ids=str,
)
def test_weight_decay_acts_where_the_optimizer_has_it_unless_told(settings, kind):
    resolved = resolve(parse_config(settings), CLASSES)
    assert resolved.decay_kind == kind
    assert resolve(config_from_json(resolved.to_json()), CLASSES) == resolved


@pytest.mark.parametrize(
    "settings",
    [
        {"l1": 0.1, "decay_biases": False},
        {"weight_decay": 0.1, "decay_normalization": False},
        {"optimizer": "rprop", "step_size_min": 2.0, "step_size_max": 2.0},
    ],
    ids=str,
)
def test_what_one_of_two_deciders_allows_is_accepted(settings):
    parse_config(settings)


def test_a_configuration_stored_before_there_were_options_means_what_it_meant():
    stored = '{"optimizer": "adamw", "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}'
    resolved = resolve(config_from_json(stored), CLASSES)
    assert (resolved.amsgrad, resolved.decay_kind, resolved.l1) == (False, "decoupled", 0.0)
    assert resolved.decay_biases and resolved.decay_normalization and resolved.clip_layer_norm is None
    old_rms = resolve(config_from_json('{"optimizer": "rmsprop", "momentum": null}'), CLASSES)
    assert (old_rms.centered, old_rms.momentum) == (False, 0.0)


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
    assert [value_from_text("dropout", text) for text in ("0.2", "0.2, 0", "[0.2]")] == [0.2, [0.2, 0], [0.2]]
    assert value_from_text("residual", "true") is True
    assert value_from_text("class_weights", "balanced") == "balanced"
