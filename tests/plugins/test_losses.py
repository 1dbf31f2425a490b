"""A loss of one's own is offered for the targets it fits, once what it sends back is its derivative."""

import numpy as np
import pytest

from engine.analysis.gradient_check import check_config
from engine.analysis.predictions import mistakes
from engine.config import ConfigError, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.settings import SETTINGS
from engine.data.dataset import build_dataset
from engine.extension import PluginError, loss
from engine.nn.losses import LOSSES, losses_for
from engine.nn.losses.regression import MeanSquaredError
from engine.training.laboratory import Laboratory
from engine.training.model import initial_state
from engine.training.trainer import final_summary, train

pytestmark = pytest.mark.usefixtures("plugin_folder")


def log_cosh(a, y):
    """A parabola that becomes a line."""
    return np.logaddexp(a - y, y - a) - np.log(2)


def slope(a, y):
    return np.tanh(a - y)


def test_a_function_with_its_derivative_is_a_choice_for_the_targets_that_it_fits():
    loss(log_cosh, task="regression", derivative=slope)
    assert losses_for("regression")[-1] == "log_cosh" in SETTINGS["loss"].choices
    assert check_config(parse_config({"dataset": "sine", "loss": "log_cosh", "hidden_sizes": [4]}))[1]
    with pytest.raises(ConfigError, match=r"loss must be one of .* for 3 classes, got log_cosh"):
        resolve(parse_config({"loss": "log_cosh"}), DataFacts("classification", 3, 100))


@pytest.mark.parametrize("dataset", ["moons", "iris"])
def test_one_for_classes_gets_one_hot_targets(dataset):
    loss(log_cosh, task="classification", derivative=slope, name="class_cosh")
    assert check_config(parse_config({"dataset": dataset, "loss": "class_cosh", "hidden_sizes": [4]}))[1]
    assert "class_cosh" not in losses_for("regression")


def test_a_class_may_leave_out_what_a_mean_over_elements_needs():
    @loss
    class Fourfold:
        """Four times the squared error."""

        task = "regression"

        def record_error(self, tape, output, target):
            tape.call(np.subtract, output.values, target, output.error, label="e = a - y")
            scale = tape.constant(8 / target[..., 0].size / target.shape[-1] * max(1, *tape.lead, 1))
            tape.call(np.multiply, output.error, scale, output.error, label="dz = 8 e / n")

        def record_value(self, tape, output, target, value):
            MeanSquaredError().record_value(tape, output, target, value)
            tape.call(np.multiply, value, np.float64(4), value, label="L = 4 L")

    found = LOSSES["fourfold"]
    assert found.mass(np.zeros((2, 5))) == 10
    np.testing.assert_array_equal(found.decide(np.ones((3, 2))), np.ones((3, 2)))
    assert check_config(parse_config({"dataset": "sine", "loss": "fourfold", "hidden_sizes": [4]}))[1]


class Squared(MeanSquaredError):
    """The squared error, to be spoilt."""

    task = "regression"


def spoilt(method, replacement, **attributes):
    return type("Spoilt", (Squared,), {method: replacement, "name": "spoilt", **attributes})


def unscaled(self, tape, output, target):
    tape.call(np.subtract, output.values, target, output.error, label="e = a - y")


def infinite(self, tape, output, target, value):
    tape.call(np.copyto, value, np.inf, label="L = inf", output=value)


def of_the_first(self, tape, output, target, value):
    MeanSquaredError().record_value(tape, output, target, value)
    if tape.lead:
        tape.call(np.copyto, value, value[:1], label="L of the first", output=value)


@pytest.mark.parametrize(
    ("task", "dataset"), [("regression", "diabetes"), ("classification", "wine"), ("classification", "moons")]
)
def test_losses_of_single_rows_have_the_runs_loss_as_their_mean(task, dataset):
    loss(log_cosh, task=task, derivative=slope)
    config = parse_config({"dataset": dataset, "loss": "log_cosh", "epochs": 2, "hidden_sizes": [4]})
    data = build_dataset(config)
    config = resolve(config, data.facts)
    state = initial_state(config, data)
    for _ in train(config, data, state):
        pass
    found = mistakes(config, data, state.learned, count=len(data.x_val))
    assert found.losses.mean() == pytest.approx(final_summary(config, data, state)["val_loss"], rel=1e-5)


def test_a_laboratory_takes_one_for_classes_and_one_for_values():
    loss(log_cosh, task="classification", derivative=slope, name="class_cosh")
    loss(log_cosh, task="regression", derivative=slope)
    assert Laboratory({"loss": "class_cosh"}, 2, 3).config.loss == "class_cosh"
    assert Laboratory({"loss": "log_cosh"}, 2, 3).config.loss == "log_cosh"


WRONG = {
    "an error without its scale": (
        spoilt("record_error", unscaled),
        r"loss spoilt: its derivative where an output is \S+ and the target \S+, one of 24 elements, must be "
        r"\S+ as finite differences say, got \S+$",
    ),
    "a value that is infinite": (spoilt("record_value", infinite), "its value must be finite, got inf"),
    "a mass that is not what the mean divides by": (
        spoilt("mass", lambda self, target: 1.0),
        "the mean of a batch must be that of its parts by their mass",
    ),
    "outputs of another shape": (
        spoilt("decide", lambda self, outputs: outputs[:, 0]),
        r"decide must keep the shape \(8, 3\), got \(8,\)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_class_is_refused_and_leaves_no_trace(case):
    kind, sentence = WRONG[case]
    before = dict(LOSSES), dict(LOSSES.options)
    with pytest.raises(PluginError, match=sentence):
        loss(kind, name="spoilt")
    assert before == (LOSSES, LOSSES.options)


def test_replicates_must_be_like_single_networks():
    def unlike(self, tape, output, target):
        MeanSquaredError().record_error(tape, output, target)
        if tape.lead:
            tape.call(np.negative, output.error, output.error, label="dz = -dz")

    with pytest.raises(PluginError, match="replicates must be like single networks"):
        loss(spoilt("record_error", unlike), name="spoilt")


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        ({"task": "both", "derivative": slope}, "task must be regression or classification, got 'both'"),
        ({"derivative": slope}, "task must be regression or classification, got None"),
        ({"task": "regression"}, "its derivative must be given, got none"),
        ({"task": "regression", "derivative": slope, "name": "mse"}, "got that of a built-in one"),
        ({"task": "regression", "derivative": slope, "name": "auto"}, "got that of a built-in one"),
    ],
)
def test_what_is_missing_or_taken_is_named(shown, sentence):
    with pytest.raises(PluginError, match=sentence):
        loss(log_cosh, **shown)
