"""The script of a step for PyTorch names what the step needs, and refuses what PyTorch has not."""

import ast
import re
from typing import Any

import numpy as np
import pytest

from engine.config import ConfigError
from engine.config.settings import SETTINGS as ALL
from engine.explain.step import ExplainedStep
from engine.explain.torch_script import torch_script
from engine.explain.torch_update import TORCH_OPTIMIZERS
from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.plugins.loading import refresh_plugins
from tests.explain.prepared import SETTINGS, prepared, state_at

PLUGIN = """
from engine.extension import activation

@activation(derivative=lambda z: 2 + 0 * z)
def twice(z):
    return 2 * z
"""


def explained(step: int = 2, **settings: Any):
    config, dataset = prepared(**settings)
    return ExplainedStep(config, dataset, state_at(config, dataset, step))


def written(step: Any = 2, **settings: Any):
    script = torch_script(explained(step, **settings), "A step.")
    compile(script, "step.py", "exec")
    return script


def behind_the_numbers(script):
    return script.partition("class Network")[2]


def given(script, name):
    """Return what a script gives under a name, its tensors as arrays."""
    (found,) = [
        each.value
        for each in ast.parse(script).body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == name
    ]

    class Torch:
        tensor = staticmethod(np.array)

    return eval(compile(ast.Expression(found), name, "eval"), {"torch": Torch})  # noqa: S307


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_script_needs_torch_alone_and_ends_by_printing_its_three_numbers(settings):
    script = written(**settings)
    imported = {
        alias.name.split(".")[0]
        for each in ast.walk(ast.parse(script))
        if isinstance(each, ast.Import | ast.ImportFrom)
        for alias in (each.names if isinstance(each, ast.Import) else [ast.alias(each.module or "")])
    }
    assert imported == {"json", "torch"}
    assert "torch.set_default_dtype(torch.float64)" in script
    last = script.splitlines()[-1]
    assert re.findall(r'"(\w+)":', last) == ["loss", "grad_norm", "loss_after"]


def test_it_holds_the_batch_and_the_weights_of_the_step():
    step = explained(activation="tanh")
    before = step.named(step.before.copy())
    script = torch_script(step, "A step.")
    weights = given(script, "weights")
    assert weights.keys() == before.keys()
    assert all(np.array_equal(weights[name], before[name]) for name in before)
    assert np.array_equal(given(script, "x"), step.recording.x.T)


def test_it_holds_what_the_optimizer_remembers_before_the_update_and_not_behind_it():
    step = explained(step=3, optimizer="adam")
    m = step.named(step.optimizer.slots["m"].copy())
    script = torch_script(step, "A step.")
    remembered = given(script, "remembered")
    assert all(np.array_equal(remembered[name]["exp_avg"], m[name]) for name in m)
    assert '"step": torch.tensor(3.0)' in script
    assert not np.array_equal(
        step.optimizer.slots["m"], np.concatenate([each.ravel() for each in m.values()])
    )


def test_the_first_step_remembers_nothing():
    assert "remembered" not in written(step=0, optimizer="adam")


def test_batch_norm_comes_with_its_running_values_of_before_the_step():
    step = explained(normalization="batch")
    mean = step.network.running[0][0].copy()
    script = torch_script(step, "A step.")
    assert np.array_equal(given(script, "weights")["norm1.running_mean"], mean)
    assert not np.array_equal(step.network.running[0][0], mean)
    assert "nn.Linear(2, 6, bias=False)" in script and "nn.BatchNorm1d(6, eps=1e-05, momentum=0.1)" in script


def test_the_units_that_were_dropped_are_given_as_they_fell():
    script = written(dropout=[0.0, 0.4], activation="relu")
    kept = given(script, "kept2")
    assert set(kept.ravel()) == {0, 1} and kept.shape == (16, 5)
    assert "a2 * kept2 / (1 - 0.4)" in script and "kept1" not in script


def test_it_reads_like_the_textbook():
    lines = [line.strip() for line in written(activation="tanh", optimizer="sgd").splitlines()]
    assert lines[0] == '"""A step."""'
    for line in (
        "z1 = self.dense1(a0)",
        "a1 = torch.tanh(z1)",
        "loss_of = nn.BCEWithLogitsLoss()",
        "optimizer = torch.optim.SGD(network.parameters(), lr=0.01)",
        "loss.backward()",
        "optimizer.step()",
    ):
        assert line in lines


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_written(name):
    assert "a1 = " in written(activation=name)


def test_each_layer_has_its_own_activation():
    script = written(activation=["relu", "gelu_tanh"])
    assert "a1 = F.relu(z1)" in script and 'a2 = F.gelu(z2, approximate="tanh")' in script


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "lion"])
@pytest.mark.parametrize("decay_kind", ["coupled", "decoupled"])
def test_every_optimizer_that_torch_has_can_be_written_with_either_decay(name, decay_kind):
    script = behind_the_numbers(written(optimizer=name, weight_decay=0.0125, decay_kind=decay_kind))
    assert f"torch.optim.{TORCH_OPTIMIZERS[name].name}" in script
    assert script.count("0.0125") == 1


@pytest.mark.parametrize("name", TORCH_OPTIMIZERS)
def test_what_torch_is_told_to_remember_is_all_that_the_optimizer_remembers(name):
    rule = OPTIMIZERS[name]
    options: dict[str, Any] = {each: True for each in rule.settings if each in ("amsgrad", "centered")}
    if name == "rmsprop":
        options["momentum"] = 0.5
    step = explained(optimizer=name, **options)
    assert step.optimizer.slots.keys() == TORCH_OPTIMIZERS[name].slots.keys()


@pytest.mark.parametrize(
    "setting", [name for name in ALL if "optimizer" in str(ALL[name].explained.depends_on)]
)
def test_every_option_of_an_optimizer_reaches_torch(setting):
    owners = [name for name in TORCH_OPTIMIZERS if setting in OPTIMIZERS[name].settings]
    is_switch = ALL[setting].kind == "switch"
    value: Any = True if is_switch else 1.25 if setting == "eta_plus" else 0.0625
    assert owners
    for name in owners:
        code = behind_the_numbers(written(optimizer=name, **{setting: value}))
        assert f"{setting}=True" in code if is_switch else repr(value) in code


def test_a_momentum_of_nothing_is_plain_descent():
    script = written(optimizer="nesterov", momentum=0.0)
    assert "torch.optim.SGD(network.parameters(), lr=0.01)" in script and "remembered" not in script


def test_adamw_without_decay_is_told_so():
    assert "weight_decay=0.0" in behind_the_numbers(written(optimizer="adamw"))


@pytest.mark.parametrize(
    ("settings", "condition"),
    [
        ({"decay_biases": False}, 'if not name.endswith(".bias")'),
        (
            {"decay_biases": False, "normalization": "layer"},
            'if not (name.startswith("dense") and name.endswith(".bias"))',
        ),
        ({"decay_normalization": False, "normalization": "batch"}, 'if not name.startswith("norm")'),
        (
            {"decay_biases": False, "decay_normalization": False, "normalization": "layer"},
            'if not (name.startswith("norm") or name.endswith(".bias"))',
        ),
    ],
)
def test_what_does_not_decay_is_told_apart(settings, condition):
    script = written(weight_decay=0.01, l1=0.002, **settings)
    assert condition in script and '{"params": others, "weight_decay": 0.0}' in script
    assert "for parameter in decaying:" in script


def test_all_parameters_decay_where_nothing_is_exempt():
    script = written(weight_decay=0.01, l1=0.002, decay_normalization=False)
    assert "decaying" not in script and "for parameter in network.parameters():" in script


def test_clipping_acts_in_the_order_of_the_engine():
    script = written(clip_norm=0.3, clip_layer_norm=0.2, clip_value=0.1, normalization="batch")
    calls = re.findall(r"nn\.utils\.(.+)", script)
    assert calls == [
        "clip_grad_value_(network.parameters(), 0.1)",
        "clip_grad_norm_([*network.dense1.parameters(), *network.norm1.parameters()], 0.2)",
        "clip_grad_norm_([*network.dense2.parameters(), *network.norm2.parameters()], 0.2)",
        "clip_grad_norm_(network.dense3.parameters(), 0.2)",
        "clip_grad_norm_(network.parameters(), 0.3)",
    ]
    assert script.index("grad_norm = ") < script.index("nn.utils") < script.index("optimizer.step()")


VALUES = {"dataset": "sine"}


@pytest.mark.parametrize(
    ("settings", "loss"),
    [
        ({**VALUES, "loss": "mse"}, "nn.MSELoss()"),
        ({**VALUES, "loss": "mae"}, "nn.L1Loss()"),
        ({**VALUES, "loss": "huber", "loss_delta": 0.5}, "nn.HuberLoss(delta=0.5)"),
        ({**VALUES, "loss": "smooth_l1", "loss_delta": 0.5}, "nn.SmoothL1Loss(beta=0.5)"),
        ({"loss": "binary_cross_entropy"}, "nn.BCEWithLogitsLoss()"),
        ({"label_smoothing": 0.1}, "nn.CrossEntropyLoss(label_smoothing=0.1)"),
        (
            {"loss": "cross_entropy", "class_weights": [1.0, 2.5], "label_smoothing": 0.1},
            "nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.5]), label_smoothing=0.1)",
        ),
    ],
)
def test_every_loss_has_its_name_in_torch(settings, loss):
    assert f"loss_of = {loss}" in written(**settings)


def test_a_sigmoid_with_class_weights_is_written_as_the_softmax_that_it_stands_for():
    script = written(loss="binary_cross_entropy", class_weights=[1.0, 2.5])
    assert "return torch.cat([torch.zeros_like(z3), z3], dim=1)" in script
    assert given(script, "y").dtype.kind == "i"


def test_no_choice_of_the_engine_is_without_a_line_but_for_lion():
    assert OPTIMIZERS.keys() - TORCH_OPTIMIZERS.keys() == {"lion"}
    assert all(written(dataset=_data_for(name), loss=name) for name in LOSSES)


def _data_for(loss):
    return "sine" if "regression" in LOSSES[loss].fits else "moons"


def test_lion_is_refused_because_torch_has_none():
    with pytest.raises(ConfigError) as refused:
        written(optimizer="lion")
    assert str(refused.value) == "optimizer lion cannot be written in PyTorch: torch.optim has none"


def test_what_comes_from_a_plugin_is_refused(plugin_folder):
    (plugin_folder / "twice.py").write_text(PLUGIN, "utf-8")
    refresh_plugins()
    with pytest.raises(ConfigError) as refused:
        written(activation=["tanh", "twice"])
    assert str(refused.value) == "activation twice cannot be written in PyTorch: it comes from a plugin"


def test_a_variance_that_rounding_has_brought_to_nothing_is_refused():
    step = explained(optimizer="rmsprop", centered=True)
    step.optimizer.slots["v"][...] = 1.0
    step.optimizer.slots["a"][...] = 1.5
    with pytest.raises(
        ConfigError, match="centered cannot be written in PyTorch: the variance of a gradient"
    ):
        torch_script(step, "A step.")


def test_rprop_without_a_learning_rate_is_refused():
    step = explained(optimizer="rprop")
    step.learning_rate = 0.0
    with pytest.raises(ConfigError, match="learning_rate 0 of rprop cannot be written in PyTorch"):
        torch_script(step, "A step.")


def test_numbers_that_are_not_finite_can_be_read_again():
    step = explained()
    step.network.parameters.theta[0] = step.before[0] = np.inf
    script = torch_script(step, "A step.")
    assert "nan, inf = torch.nan, torch.inf" in script
    compile(script, "step.py", "exec")


def test_a_run_that_overflows_is_written_all_the_same():
    step = explained(optimizer="rmsprop", centered=True)
    step.optimizer.slots["a"][...] = 1e200
    step.optimizer.slots["v"][...] = np.inf
    assert "centered=True" in torch_script(step, "A step.")
