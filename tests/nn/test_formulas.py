"""What can be chosen gives the numbers of its formula in plain NumPy, and nothing is without a reference."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reference_cases import load
from engine.config.settings import SETTINGS
from engine.nn.activations import ACTIVATIONS
from engine.nn.features import features_of
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.tape import Arena, Tape
from tests.nn import formulas

GOLDEN = json.loads(Path(__file__).with_name("torch_golden.json").read_text("utf-8"))
RNG = np.random.default_rng(0)
Z = np.concatenate([np.linspace(-15, 15, 201), RNG.normal(size=50)])
OUTPUTS = RNG.normal(0, 1.5, (9, 3))


@pytest.mark.parametrize("name", formulas.ACTIVATIONS)
def test_an_activation_is_its_formula(name):
    arena, tape = Arena([("input", "z", 1), ("activation", "a", 1)], len(Z), np.float64), Tape(np.float64)
    z, a = arena.blocks["z"], arena.blocks["a"]
    ACTIVATIONS[name].forward(tape, z, a)
    z.values[...] = Z
    tape.replay()
    np.testing.assert_allclose(a.values[0], formulas.ACTIVATIONS[name](Z), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", formulas.LOSSES)
def test_a_loss_is_its_formula(name):
    target = np.eye(3)[RNG.integers(0, 3, len(OUTPUTS))]
    arena, tape, value = Arena([("dense", "z", 3)], len(OUTPUTS), np.float64), Tape(np.float64), np.zeros(())
    LOSSES[name].record_value(tape, arena.blocks["z"], target.T, value)
    arena.blocks["z"].values[...] = OUTPUTS.T
    tape.replay()
    assert float(value) == pytest.approx(formulas.LOSSES[name](OUTPUTS, target), rel=1e-12)


@pytest.mark.parametrize("name", formulas.NORMALIZATIONS)
def test_a_normalization_is_its_formula_before_anything_is_learned(name):
    activation, loss = ACTIVATIONS["identity"], LOSSES["mse"]
    network = Network([4, 5, 1], activation, loss, normalization=name, dtype=np.float64)
    network.parameters.weights[0][...] = RNG.normal(size=network.parameters.weights[0].shape)
    recording = network.recording(7)
    recording.x[...], recording.target[...] = RNG.normal(size=(4, 7)), 0.0
    recording.tape.replay()
    sums, found = (recording.arena.blocks[block].values.T for block in ("z1", "n1"))
    np.testing.assert_allclose(found, formulas.NORMALIZATIONS[name](sums), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", formulas.FEATURES)
def test_a_feature_is_its_formula_of_the_coordinates(name):
    places = RNG.normal(size=(50, 2))
    expected = formulas.FEATURES[name](*places.T)
    np.testing.assert_allclose(features_of([name], places)[:, 0], expected, rtol=1e-15)


def computed_by_torch():
    """Return the choices for which the stored files hold numbers of PyTorch, by setting."""
    kinds = ("activation", "loss", "normalization", "optimizer", "schedule")
    trained = {kind: {case.settings.get(kind) for case, _ in load()[1]} for kind in kinds}
    trained["activation"] &= set(GOLDEN["activations"]["table"])
    trained["optimizer"] &= {end["name"] for end in GOLDEN["optimizers"]["ends"]}
    return {**trained, "features": set()}


WRITTEN = {
    "activation": set(formulas.ACTIVATIONS),
    "loss": set(formulas.LOSSES),
    "normalization": set(formulas.NORMALIZATIONS),
    "optimizer": {rule.__name__ for rule, _ in formulas.RULES},
    "schedule": set(formulas.SCHEDULE_TABLES),
    "features": set(formulas.FEATURES),
}


@pytest.mark.parametrize("setting", WRITTEN)
def test_whatever_can_be_chosen_has_numbers_of_torch_or_a_formula(setting):
    known = computed_by_torch()[setting] | WRITTEN[setting] | {"auto"}
    missing = set(SETTINGS[setting].choices) - known
    assert not missing, f"write the formula of {', '.join(missing)} in tests/nn/formulas.py"
