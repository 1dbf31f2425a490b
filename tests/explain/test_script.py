"""The script of a step computes it again, alone."""

import json
import subprocess
import sys

import pytest

from engine.explain.script import numpy_script
from engine.explain.step import ExplainedStep
from engine.nn.activations import ACTIVATIONS
from engine.nn.optimizers.registry import OPTIMIZERS
from tests.explain.prepared import SETTINGS, prepared, state_at


def printed(script, tmp_path):
    path = tmp_path / "step.py"
    path.write_text(script, "utf-8")
    done = subprocess.run([sys.executable, "-I", path], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_script_alone_prints_the_loss_before_and_after_and_the_gradient(settings, tmp_path):
    config, dataset = prepared(**settings)
    state = state_at(config, dataset, 3)
    found = printed(numpy_script(ExplainedStep(config, dataset, state), "A step."), tmp_path)
    step = ExplainedStep(config, dataset, state).finish()
    new = step.network.parameters.theta.copy()
    assert found["loss"] == pytest.approx(step.loss, rel=1e-12)
    assert found["grad_norm"] == pytest.approx(float((step.gradient**2).sum() ** 0.5), rel=1e-12)
    step.before = new
    assert found["loss_after"] == pytest.approx(step.loss_at(0, new[0]), rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_with_every_activation_a_script_ends_at_the_numbers_of_the_engine(activation, capsys):
    config, dataset = prepared(activation=activation)
    state = state_at(config, dataset, 1)
    exec(numpy_script(ExplainedStep(config, dataset, state), "A step."), {})  # noqa: S102 - our own
    found = json.loads(capsys.readouterr().out)
    step = ExplainedStep(config, dataset, state).finish()
    new = step.network.parameters.theta.copy()
    step.before = new
    assert found["loss"] == pytest.approx(ExplainedStep(config, dataset, state).finish().loss, rel=1e-12)
    assert found["loss_after"] == pytest.approx(step.loss_at(0, new[0]), rel=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_can_be_written(optimizer):
    config, dataset = prepared(optimizer=optimizer, clip_layer_norm=0.5)
    assert "θ = θ - Δθ" in numpy_script(
        ExplainedStep(config, dataset, state_at(config, dataset, 1)), "A step."
    )


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "smooth_l1"])
def test_every_loss_of_numbers_can_be_written(loss):
    config, dataset = prepared(dataset="sine", loss=loss)
    assert "dz3 = " in numpy_script(ExplainedStep(config, dataset, state_at(config, dataset, 1)), "A step.")


def test_it_reads_like_the_textbook():
    config, dataset = prepared(activation="tanh", optimizer="sgd")
    lines = numpy_script(ExplainedStep(config, dataset, state_at(config, dataset, 1)), "A step.").splitlines()
    assert lines[0] == '"""A step."""'
    for line in (
        "z1 = W1 @ a0 + b1",
        "a1 = np.tanh(z1)",
        "da1 = W2.T @ dz2",
        "dW1 = dz1 @ a0.T",
        "θ = θ - Δθ",
    ):
        assert line in lines
