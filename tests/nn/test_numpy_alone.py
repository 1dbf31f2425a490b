"""The mathematics needs numpy and nothing else: it imports and learns in an interpreter that has no more."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
ALONE = '''
import importlib.util, pathlib, sys

class NumpyAlone:
    """Finds numpy and engine where they lie and refuses all that is not the standard library."""

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top == name and top in PLACES:
            return importlib.util.spec_from_file_location(
                name, PLACES[top] / "__init__.py", submodule_search_locations=[str(PLACES[top])]
            )
        if top not in PLACES and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)
        return None

PLACES = {"engine": pathlib.Path(sys.argv[1]), "numpy": pathlib.Path(sys.argv[2])}
sys.meta_path.insert(0, NumpyAlone())
'''
TRAIN = """
import pkgutil
import engine.nn

for module in pkgutil.iter_modules(engine.nn.__path__):
    __import__(f"engine.nn.{module.name}")

import numpy as np
from engine.nn.activations import ACTIVATIONS
from engine.nn.optimizers.clipping import ClipByLayerNorm
from engine.nn.initializers import xavier_uniform
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.penalties import L1
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.schedules import cosine
from engine.nn.optimizers.adam import Adam

RATES = {"sgd": 0.5, "adadelta": 1.0, "lion": 0.005}
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 64))
target = np.stack([x[0] * x[1] > 0, x[0] * x[1] <= 0]).astype(float)
for name in ACTIVATIONS:
    if name in NEEDS_MORE:
        continue
    for normalization in ("none", "batch", "layer"):
        network = Network(
            [2, 16, 2],
            ACTIVATIONS[name],
            LOSSES["cross_entropy"],
            normalization=normalization,
            dtype=np.float64,
        )
        network.initialize(xavier_uniform, [np.random.default_rng(1), np.random.default_rng(2)])
        optimizer = Optimizer(network.parameters, [Adam(0.9, 0.999, 1e-8)])
        recording, losses = network.recording(64), []
        recording.x[...], recording.target[...] = x, target
        for step in range(1, 61):
            recording.tape.replay()
            recording.loss_tape.replay()
            losses.append(float(recording.loss))
            optimizer.prepare(step, 0.02)
            optimizer.update.replay()
        print(name, normalization, losses[0], losses[-1])
for name, rule in OPTIMIZERS.items():
    network = Network(
        [2, 16, 16, 2],
        ACTIVATIONS["tanh"],
        LOSSES["cross_entropy"],
        dropout=[0.1, 0.0],
        generators=[np.random.default_rng(3)],
        residual=True,
    )
    network.initialize(xavier_uniform, [np.random.default_rng(seed) for seed in (1, 2, 3)])
    parameters, transforms = network.parameters, [rule.transform()] if rule.transform else []
    clip = ClipByLayerNorm(10.0, parameters.starts, parameters.sizes)
    optimizer, schedule = Optimizer(parameters, [clip, L1(1e-5), *transforms]), cosine(60)
    recording, losses = network.recording(64), []
    recording.x[...], recording.target[...] = x, target
    for step in range(1, 61):
        recording.tape.replay()
        recording.loss_tape.replay()
        losses.append(float(recording.loss))
        optimizer.prepare(step, RATES.get(name, 0.02) * schedule(step - 1))
        optimizer.update.replay()
    print(name, "residual", losses[0], losses[-1])
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
print("modules", *sorted(foreign - {"__main__", "__mp_main__"}))
"""


def alone(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter without site-packages, in which only engine and numpy can be found."""
    places = [str(ROOT / "engine"), str(Path(np.__file__).parent)]
    program = ALONE + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, *places], capture_output=True, text=True, check=False
    )


def test_every_module_imports_and_networks_learn_with_numpy_alone():
    done = alone(f"NEEDS_MORE = {{'gelu'}}\n{TRAIN}")
    assert done.returncode == 0, done.stderr
    *trained, modules = (line.split() for line in done.stdout.splitlines())
    assert len(trained) > 10
    for name, normalization, first, last in trained:
        fell = float(first) - float(last)
        assert fell > (0 if name == "identity" else 0.01), f"{name} {normalization} learned nothing"
    assert {"engine", "numpy"} <= set(modules[1:])
    assert not {each for each in modules[1:] if each.partition("_")[0] in {"scipy", "pydantic", "streamlit"}}


@pytest.mark.parametrize("library", ["scipy", "pydantic", "streamlit", "sqlalchemy"])
def test_that_interpreter_has_nothing_else(library):
    assert f"{library} is not installed here" in alone(f"import {library}").stderr


def test_exact_gelu_asks_for_scipy_only_when_it_is_used():
    done = alone(
        """
        from engine.nn.activations import ACTIVATIONS
        from engine.nn.losses import LOSSES
        from engine.nn.network import Network
        network = Network([1, 1, 1], ACTIVATIONS["gelu"], LOSSES["mse"])
        print("built")
        network.recording(2)
        """
    )
    assert done.stdout == "built\n"
    assert "scipy" in done.stderr
