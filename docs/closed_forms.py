"""Rows of the table of correctness for what can be written down; knows no other program."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from benchmarks.reference_cases import FEATURES, LONG, Numbers, draw_numbers, flat, start
from engine.nn.initializers import BIASES, INITIALIZERS, Initializer, normal, scaled
from engine.training.laboratory import Laboratory

CLOSED, AGREES = 1e-12, 1e-9
FAN_IN, FAN_OUT, STD, GAIN = 400, 300, 0.01, 5 / 3
STANDARD_ERRORS = 4
# The largest of so many uniform draws is this close to its bound, but for a chance of 1e-52.
NEAR_THE_BOUND = 1e-3
# The variance of the weights, as people write it and as a number; then the bound where there is one.
DEFINITIONS: dict[str, tuple[str, float, str, float]] = {
    "xavier_uniform": ("2 / (in + out)", 2 / (FAN_IN + FAN_OUT), "sqrt(6 / (in + out))", sqrt(6 / 700)),
    "xavier_normal": ("2 / (in + out)", 2 / (FAN_IN + FAN_OUT), "", 0),
    "he_uniform": ("2 / in", 2 / FAN_IN, "sqrt(6 / in)", sqrt(6 / FAN_IN)),
    "he_normal": ("2 / in", 2 / FAN_IN, "", 0),
    "lecun_uniform": ("1 / in", 1 / FAN_IN, "sqrt(3 / in)", sqrt(3 / FAN_IN)),
    "lecun_normal": ("1 / in", 1 / FAN_IN, "", 0),
    "orthogonal": ("1 / the longer side", 1 / FAN_IN, "", 0),
    "pytorch": ("1 / (3 in)", 1 / (3 * FAN_IN), "1 / sqrt(in)", sqrt(1 / FAN_IN)),
    "pytorch, biases": ("1 / (3 in)", 1 / (3 * FAN_IN), "1 / sqrt(in)", sqrt(1 / FAN_IN)),
    "normal": ("initializer_std²", STD**2, "", 0),
    "he_normal, initializer_gain": ("gain² 2 / in", GAIN**2 * 2 / FAN_IN, "", 0),
}


@dataclass(frozen=True)
class Row:
    """One line of the table; ``allowed`` is the difference from which on it counts as wrong."""

    part: str
    against: str
    difference: float
    allowed: float

    def __str__(self) -> str:
        return f"| {self.part} | {self.against} | {self.difference:.1e} | {self.allowed:.0e} |"


def closed_forms() -> Iterator[Row]:
    """Compare with what can be written down."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    linear = Laboratory(
        {"hidden_sizes": [], "loss": "mse", "optimizer": "nesterov", "learning_rate": 0.1, "momentum": 0.5},
        3,
        2,
    )
    for _ in range(1000):
        linear.step(x, y)
    exact = np.linalg.lstsq(np.c_[x, np.ones(40)], y, rcond=None)[0]
    learned = np.c_[linear.read()["dense1.weight"], linear.read()["dense1.bias"]]
    apart = float(np.abs(learned - exact.T).max())
    yield Row("a linear model with mse", "the least-squares solution, 1000 updates", apart, CLOSED)
    blank = Laboratory({"hidden_sizes": [], "loss": "cross_entropy"}, 3, 7)
    apart = abs(blank.loss(x, np.arange(40) % 7) - float(np.log(7)))
    yield Row("cross-entropy of equal outputs", "log of the number of classes", apart, CLOSED)
    yield from _lion()
    yield from _initializers()
    yield from _dropout()


def _lion() -> Iterator[Row]:
    """Torch has no Lion: its update as the paper writes it, in plain NumPy."""
    numbers = draw_numbers()
    for name, settings in (
        ("optimizer lion", {}),
        ("optimizer lion, beta1 and beta2", {"beta1": 0.8, "beta2": 0.95}),
        ("optimizer lion, decoupled decay", {"weight_decay": 0.03}),
        ("optimizer lion, coupled decay", {"weight_decay": 0.03, "decay_kind": "coupled"}),
    ):
        against = f"its formula in plain NumPy, a training of {LONG} steps"
        yield Row(name, against, _lion_apart(settings, numbers), AGREES)


def _lion_apart(settings: dict, numbers: Numbers) -> float:
    rate, decay, coupled = 0.004, settings.get("weight_decay", 0.0), settings.get("decay_kind") == "coupled"
    beta1, beta2 = settings.get("beta1", 0.9), settings.get("beta2", 0.99)
    about = {"hidden_sizes": (5, 4), "loss": "cross_entropy", "optimizer": "lion", "learning_rate": rate}
    laboratory = Laboratory({**about, **settings}, FEATURES, 3)
    shapes = {name: array.shape for name, array in laboratory.read().items()}
    laboratory.set(start(shapes, numbers["pool"]))
    w, m = flat(laboratory.read()), np.zeros(1)
    for rows in numbers["order"][:LONG]:
        x, y = numbers["x"][rows], numbers["labels"][rows] % 3
        g = flat(laboratory.loss_and_gradients(x, y)[1]) + (decay * w if coupled else 0)
        u = np.sign(beta1 * m + (1 - beta1) * g)
        w = w * (1 if coupled else 1 - rate * decay) - rate * u
        m = beta2 * m + (1 - beta2) * g
        laboratory.step(x, y)
    return float(np.abs(flat(laboratory.read()) - w).max())


def _initializers() -> Iterator[Row]:
    kinds: dict[str, Initializer] = {
        **{name: each for name, each in INITIALIZERS.items() if name != "zeros"},
        **{f"{name}, biases": _many(each) for name, each in BIASES.items()},
        "normal": normal(STD),
        "he_normal, initializer_gain": scaled(INITIALIZERS["he_normal"], GAIN),
    }
    for name, initializer in kinds.items():
        written, variance, edge, bound = DEFINITIONS[name]
        weights = initializer(np.random.default_rng(0), FAN_IN, FAN_OUT)
        apart = max(abs(weights.var() / variance - 1), abs(weights.mean()) / sqrt(variance))
        allowed = STANDARD_ERRORS * sqrt(2 / weights.size)
        against = f"mean 0, variance {written}, {weights.size} draws, {STANDARD_ERRORS} standard errors"
        yield Row(f"initializer {name}", against, float(apart), allowed)
        if edge:
            largest = float(np.abs(weights).max()) / bound
            apart = 1 - largest if largest <= 1 else float("inf")
            against = f"no draw beyond {edge}, the largest just below"
            yield Row(f"initializer {name}", against, apart, NEAR_THE_BOUND)
    largest = float(np.abs(INITIALIZERS["zeros"](np.random.default_rng(0), FAN_IN, FAN_OUT)).max())
    yield Row("initializer zeros", "0", largest, 0.0)
    for fan_in, out in ((5, 3), (3, 5)):
        q = INITIALIZERS["orthogonal"](np.random.default_rng(1), fan_in, out)
        product = q @ q.T if out < fan_in else q.T @ q
        apart = float(np.abs(product - np.eye(3)).max())
        yield Row(f"initializer orthogonal, {out} x {fan_in}", "Q Qᵀ = 1 on the shorter side", apart, CLOSED)


def _many(bias: Initializer) -> Callable[[np.random.Generator, int, int], np.ndarray]:
    return lambda generator, fan_in, fan_out: bias(generator, fan_in, fan_in * fan_out)


def _dropout() -> Iterator[Row]:
    rate, units = 0.3, 4000
    laboratory = Laboratory(
        {"hidden_sizes": [units], "activation": "identity", "dropout": rate, "loss": "mse"}, 1, 1
    )
    laboratory.set({"dense1.bias": np.ones(units), "dense2.weight": np.ones((1, units))})
    recording = laboratory.network.recording(1)
    recording.tape.replay()
    kept = recording.arena.blocks["d1"].values
    apart = float(np.abs(kept[kept > 0] - 1 / (1 - rate)).max())
    yield Row("dropout, scale of what is kept", "1 / (1 - rate)", apart, CLOSED)
    spread = float(np.sqrt(rate * (1 - rate) / units))
    share = abs(float((kept == 0).mean()) - rate)
    yield Row(
        "dropout, share of what is dropped", "the rate, 4000 units, 4 standard errors", share, 4 * spread
    )
    through = recording.arena.blocks["a1"].error - recording.output.error * kept
    yield Row("dropout, backward", "the same mask again", float(np.abs(through).max()), CLOSED)
    x = np.linspace(-1, 1, 5)[:, np.newaxis]
    whole = (x @ laboratory.read()["dense1.weight"].T + 1).sum(axis=1, keepdims=True)
    apart = float(np.abs(laboratory.outputs(x) - whole).max() / units)
    yield Row("dropout, evaluation", "the network without it", apart, CLOSED)
