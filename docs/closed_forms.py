"""Rows of the table of correctness for what can be written down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from benchmarks.reference_cases import FEATURES, LONG, Numbers, choices, draw_numbers, flat, load, start
from engine.nn.initializers import BIASES, INITIALIZERS, Initializer, normal, scaled
from engine.nn.losses import LOSSES
from engine.nn.optimizers import OPTIMIZERS
from engine.nn.schedules import SCHEDULES, Span
from engine.training.laboratory import Laboratory
from tests.nn import formulas

CLOSED, AGREES, SEVEN_DIGITS = 1e-12, 1e-9, 1e-7
ROWS = 40
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
    yield from formulas_apart()
    yield from _initializers()
    yield from _dropout()


def formulas_apart() -> Iterator[Row]:
    """Compare what PyTorch has no numbers for with its formula in plain NumPy, that of the tests."""
    stored = [case.settings for case, _ in load()[1]]
    kinds = (("activation", _activation), ("loss", _loss), ("normalization", _normalization))
    for kind, compare in kinds:
        for name in _left_to_formulas(kind, stored):
            yield Row(f"{kind} {name}", "its formula in plain NumPy, a network", compare(name), CLOSED)
    for name in _left_to_formulas("optimizer", stored):
        for words, settings in _trainings(name):
            against = f"its formula in plain NumPy, a training of {LONG} steps"
            yield Row(f"optimizer {name}{words}", against, _training(name, settings), AGREES)
    for name in _left_to_formulas("schedule", stored):
        own, factors = formulas.SCHEDULE_TABLES[name]
        schedule = SCHEDULES[name].build(Span(2, 16, 0.5), **{**SCHEDULES.options[name], **own})
        apart = max(abs(schedule(2 * epoch) - factor) for epoch, factor in enumerate(factors))
        yield Row(f"schedule {name}", "its factors at 8 epochs", apart, SEVEN_DIGITS)


def _left_to_formulas(kind: str, stored: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {settings.get(kind) for settings in stored}
    return [name for name in choices(kind) if name not in known]


def _data(outputs: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, FEATURES)), rng.normal(size=(ROWS, outputs))


def _network(outputs: int = 2, **settings: Any) -> tuple[Laboratory, Numbers]:
    """Return a network of one hidden layer without biases, and its weights."""
    laboratory = Laboratory({"hidden_sizes": [5], "loss": "mse", **settings}, FEATURES, outputs)
    laboratory.set(start({name: each.shape for name, each in laboratory.read().items()}, _pool()))
    laboratory.set({name: 0 * each for name, each in laboratory.read().items() if name.endswith("bias")})
    return laboratory, laboratory.read()


def _pool() -> np.ndarray:
    return draw_numbers()["pool"]


def _activation(name: str) -> float:
    laboratory, weights = _network(activation=name)
    x, _ = _data(2)
    hidden = formulas.ACTIVATIONS[name](x @ weights["dense1.weight"].T)
    return float(np.abs(laboratory.outputs(x) - hidden @ weights["dense2.weight"].T).max())


def _loss(name: str) -> float:
    outputs = 2 if "regression" in LOSSES[name].fits else 3
    laboratory, _ = _network(outputs, loss=name)
    x, y = _data(outputs)
    labels = np.arange(ROWS) % 3
    predicted, target = laboratory.outputs(x), y if outputs == 2 else np.eye(3)[labels]
    return abs(laboratory.loss(x, y if outputs == 2 else labels) - formulas.LOSSES[name](predicted, target))


def _normalization(name: str) -> float:
    laboratory, weights = _network(activation="identity", normalization=name)
    x, y = _data(2)
    loss, _ = laboratory.loss_and_gradients(x, y)
    n = formulas.NORMALIZATIONS[name](x @ weights["dense1.weight"].T)
    gamma, beta = weights.get("norm1.gamma", 1), weights.get("norm1.beta", 0)
    outputs = (n * gamma + beta) @ weights["dense2.weight"].T
    return abs(loss - float(((outputs - y) ** 2).mean()))


def _trainings(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the settings of each training of an optimizer, with the words for them."""
    for rule, options in formulas.RULES:
        if rule.__name__ == name:
            yield (f", {' and '.join(options)}" if options else ""), options
    yield ", decoupled decay", {"weight_decay": 0.03, "decay_kind": "decoupled"}
    yield ", coupled decay", {"weight_decay": 0.03, "decay_kind": "coupled"}


def _training(name: str, settings: dict[str, Any]) -> float:
    rate, decay, coupled = 0.004, settings.get("weight_decay", 0.0), settings.get("decay_kind") == "coupled"
    formula = next(rule for rule, _ in formulas.RULES if rule.__name__ == name)
    options = {each: settings[each] for each in OPTIMIZERS.options[name] if each in settings}
    about = {"hidden_sizes": (5, 4), "loss": "cross_entropy", "optimizer": name, "learning_rate": rate}
    laboratory, numbers = Laboratory({**about, **settings}, FEATURES, 3), draw_numbers()
    shapes = {each: array.shape for each, array in laboratory.read().items()}
    laboratory.set(start(shapes, numbers["pool"]))
    w, memory = flat(laboratory.read()), {}
    for step, rows in enumerate(numbers["order"][:LONG], start=1):
        x, y = numbers["x"][rows], numbers["labels"][rows] % 3
        g = flat(laboratory.loss_and_gradients(x, y)[1]) + (decay * w if coupled else 0)
        u = formula(g, memory, step, **options)
        w = w * (1 if coupled else 1 - rate * decay) - rate * u
        laboratory.step(x, y)
    return float(np.abs(flat(laboratory.read()) - w).max())


def _initializers() -> Iterator[Row]:
    kinds: dict[str, Initializer] = {
        **{name: each for name, each in INITIALIZERS.items() if name not in ("normal", "zeros")},
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
