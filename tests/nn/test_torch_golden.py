"""Optimizers, activations, schedules and normalised networks give the numbers that PyTorch gives."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.adam import Adam
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.penalties import Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameters import Parameters
from engine.nn.schedules import cosine, step_decay, warm_up
from engine.nn.tape import Arena, Tape

GOLDEN = json.loads(Path(__file__).with_name("torch_golden.json").read_text("utf-8"))
SCHEDULES = {
    "step": step_decay(0.1, 5),
    "cosine": cosine(12),
    "warm-up and step": warm_up(4, step_decay(0.1, 3)),
}


def words(case):
    return f"{case['name']} {case['options'] or ''} {case['decay']:g}"


@pytest.mark.parametrize("case", GOLDEN["optimizers"]["ends"], ids=words)
def test_twenty_steps_end_where_torchs_end(case):
    name = case["name"]
    rule = OPTIMIZERS[name].transforms({**OPTIMIZERS.options[name], **case["options"]})
    decays = [Decay(case["decay"])] if case["decay"] else []
    parameters = Parameters([(2, 3)], np.float64)
    parameters.theta[...] = GOLDEN["optimizers"]["start"]
    decoupled = OPTIMIZERS[name].decoupled
    optimizer = Optimizer(parameters, rule + decays if decoupled else decays + rule)
    for number, gradient in enumerate(GOLDEN["optimizers"]["gradients"], start=1):
        parameters.grad[...] = gradient
        optimizer.prepare(number, 0.1)
        optimizer.update.replay()
    np.testing.assert_allclose(parameters.theta, case["theta"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", GOLDEN["activations"]["table"])
def test_an_activation_and_its_slope_are_torchs(name):
    z, expected = np.array(GOLDEN["activations"]["z"]), GOLDEN["activations"]["table"][name]
    arena, tape = Arena([("input", "z", 1), ("activation", "a", 1)], len(z), np.float64), Tape(np.float64)
    inputs, outputs = arena.blocks["z"], arena.blocks["a"]
    ACTIVATIONS[name].forward(tape, inputs, outputs)
    ACTIVATIONS[name].backward(tape, inputs, outputs)
    inputs.values[...], outputs.error[...] = z, 1
    with np.errstate(under="ignore"):
        tape.replay()
    np.testing.assert_allclose(outputs.values[0], expected["a"], rtol=1e-14, atol=1e-15)
    torchs_own_error = 5e-8 if name == "hard_sigmoid" else 1e-14  # its 1/6 is in single precision
    np.testing.assert_allclose(inputs.error[0], expected["slope"], rtol=torchs_own_error, atol=2e-15)


@pytest.mark.parametrize("case", GOLDEN["losses"]["table"])
def test_a_loss_and_its_slope_are_torchs(case):
    shown, expected = GOLDEN["losses"], GOLDEN["losses"]["table"][case]
    name = case.split()[0]
    options = {
        key: tuple(value) if isinstance(value, list) else value for key, value in expected["options"].items()
    }
    loss = type(LOSSES[name])(**options)
    z = np.array(shown["z"]).T
    target = np.array(shown["values"]).T
    if name == "cross_entropy":
        target = np.eye(4)[:, shown["labels"]]
    if name == "binary_cross_entropy":
        z, target = z[:1], np.array([shown["binary"]], float)
    arena, tape, value = Arena([("dense", "z", len(z))], 9, np.float64), Tape(np.float64), np.zeros(())
    output = arena.blocks["z"]
    loss.record_error(tape, output, target)
    loss.record_value(tape, output, target, value)
    output.values[...] = z
    tape.replay()
    assert float(value) == pytest.approx(expected["value"], rel=1e-13)
    np.testing.assert_allclose(output.error, np.array(expected["slope"]).T[: len(z)], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", GOLDEN["schedules"])
def test_a_schedule_is_torchs(name):
    rates = [SCHEDULES[name](done) for done in range(12)]
    np.testing.assert_allclose(rates, GOLDEN["schedules"][name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", GOLDEN["networks"])
def test_a_normalised_network_trains_as_torchs_does(name):
    network = Network(
        [3, 5, 4, 2],
        ACTIVATIONS["gelu"],
        LOSSES["cross_entropy"],
        normalization=name,
        dtype=np.float64,
    )
    check_training(network, GOLDEN["networks"][name])


def test_a_network_with_an_activation_for_each_layer_trains_as_torchs_does():
    expected = GOLDEN["network_by_layer"]
    activations = [ACTIVATIONS[name] for name in expected["activations"]]
    network = Network([3, 5, 4, 4, 2], activations, LOSSES["cross_entropy"], dtype=np.float64)
    check_training(network, expected)


def check_training(network, expected):
    network.parameters.theta[...] = expected["first"]
    optimizer = Optimizer(network.parameters, [Adam(0.9, 0.999, 1e-8), Decay(0.1)])
    recording, losses = network.recording(7), []
    batches = zip(np.array(expected["x"]), np.array(expected["labels"]), strict=True)
    for number, (x, labels) in enumerate(batches, start=1):
        recording.x[...], recording.target[...] = x.T, np.eye(2)[:, labels]
        recording.tape.replay()
        recording.loss_tape.replay()
        losses.append(float(recording.loss))
        optimizer.prepare(number, 0.05)
        optimizer.update.replay()
    running = [row for pair in network.running for row in pair if row.size]
    np.testing.assert_allclose(losses, expected["losses"], rtol=1e-9)
    np.testing.assert_allclose(network.parameters.theta, expected["last"], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        np.concatenate([*running, []]), np.concatenate([*expected["running"], []]), rtol=1e-9
    )
    np.testing.assert_allclose(network.outputs(np.array(expected["x"])[0]), expected["outputs"], rtol=1e-7)
