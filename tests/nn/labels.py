"""Evaluates the labels of a tape with NumPy, by the notation alone: what they say, whatever the calls do."""

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.explain.grammar import Node, equations
from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, SmoothL1
from engine.nn.network import Network
from engine.nn.tape import Instruction

OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "⊙": np.multiply,
    "product": np.multiply,
    "/": np.divide,
    "minus": np.negative,
    "abs": np.abs,
    "²": np.square,
    "ᵀ": lambda x: x.swapaxes(-1, -2),
    "<": lambda low, high: 1.0 * (low < high),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sign": np.sign,
    "sin": np.sin,
    "Φ": np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2),
    "max": np.maximum,
    "min": np.minimum,
    "clamp": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "sum_batch": lambda x: x.sum(-1, keepdims=True),
    "sum_units": lambda x: x.sum(-2, keepdims=True),
    "mean_units": lambda x: x.mean(-2, keepdims=True),
    "max_units": lambda x: x.max(-2, keepdims=True),
}


class Evaluation:
    """What the label of one instruction says, evaluated on the arrays as they are now.

    Attributes
    ----------
    said : list of (str, numpy.ndarray, numpy.ndarray)
        For each equation the name on its left, the array of that name, and what stands on the right.
    reads : set of str
        Names on the right.
    """

    def __init__(self, call: Instruction, label: str) -> None:
        self.arrays, self.lead = call.names.arrays, call.names.lead_axes
        self.given, self.replicates = call.arguments, call.output.shape[: self.lead]
        self.reads: set[str] = set()
        self.text: list[tuple[str, np.ndarray, np.ndarray]] = []
        for equation in equations(label):
            value, targets = np.array(self._of(equation.value)), equation.targets
            parts = [value[..., row, :] for row in range(len(targets))] if len(targets) > 1 else [value]
            for name, part in zip(targets, parts, strict=True):
                self.text.append((name, self.arrays[name], part))

    def _of(self, node: Node) -> Any:
        if node.kind in ("number", "name"):
            return float(node.text) if node.kind == "number" else self._read(node.text)
        operands = [self._of(part) for part in node.parts]
        if node.kind == "call":
            return self._applied(node.text, operands)
        if node.kind == "rows":
            return np.stack([each[..., 0] for each in operands], axis=-2)
        if node.kind == "product" and not any(map(self._is_scalar, operands)):
            return operands[0] @ operands[1]
        return OPERATIONS[node.kind](*self._aligned(*operands))

    def _aligned(self, *operands: Any) -> list[Any]:
        """Return operands with one number for each replicate in front of the axes of the others."""
        axes = max(map(np.ndim, operands))
        return [
            np.reshape(each, (*self.replicates, *(1,) * (axes - self.lead)))
            if self.lead and np.shape(each) == self.replicates
            else each
            for each in operands
        ]

    def _is_scalar(self, value: Any) -> bool:
        shape = np.shape(value)[self.lead :] if np.ndim(value) >= self.lead else ()
        return shape == () or (self.lead > 0 and shape == (1,))

    def _read(self, name: str) -> Any:
        if name == "π":
            return math.pi
        if name.endswith("[layer]"):
            return self._read(name.removesuffix("[layer]"))[..., self._index()]
        self.reads.add(name)
        return self.arrays[name]

    def _applied(self, name: str, operands: list[Any]) -> Any:
        if name == "sum":
            return operands[0].sum(axis=tuple(range(self.lead, operands[0].ndim)))
        if name == "sum_by_layer":
            parts = np.split(operands[0], self._index()[1:], axis=-1)
            return np.stack([part.sum(-1) for part in parts], axis=-1)
        if name == "uniform":
            low, high = operands
            generator, out = copy.deepcopy(self.given[0]), self.given[-1]
            return low + (high - low) * generator.random(out.shape)
        return FUNCTIONS[name](*self._aligned(*operands))

    def _index(self) -> np.ndarray:
        """Return the indices of the call: which layers, and where they begin, is no part of the notation."""
        return next(each for each in self.given if getattr(each, "dtype", None) == np.intp)


BATCH = 9
MANY_LOSSES = {
    **LOSSES,
    "cross_entropy, weighted": CrossEntropy(0.1, (1.0, 2.5)),
    "binary_cross_entropy, weighted": BinaryCrossEntropy(0.1, (1.0, 2.5)),
    "huber, delta 0.3": Huber(0.3),
    "smooth_l1, delta 0.3": SmoothL1(0.3),
}


def memory(array: np.ndarray) -> tuple:
    return array.__array_interface__["data"][0], array.size


def check(calls: Iterable[Instruction]) -> list[str]:
    """Run the calls one by one, hold each label against what was written, and return the labels.

    A name must mean the same buffer where it is read as where it was last written.
    """
    labels, written = [], {}
    for call in calls:
        label = call.label
        evaluation = Evaluation(call, label)
        for name in evaluation.reads & written.keys():
            assert memory(call.names.arrays[name]) == written[name], f"{label}: {name} is another buffer"
        call.function(*call.arguments)
        size = 0
        for name, target, expected in evaluation.text:
            assert np.shares_memory(target, call.output), f"{label}: {name} was not written"
            actual = target.reshape(expected.shape)
            assert (abs(actual - expected) <= 1e-13 + 1e-11 * abs(expected)).all(), label
            written[name] = memory(target)
            size += target.size
        has_row_of_ones = f"[{evaluation.text[0][0]}; _]" in call.names.arrays and size < call.output.size
        unread = call.output[..., -1, :].size if has_row_of_ones else 0
        assert size == call.output.size - unread, f"{label}: names a part of what is written"
        labels.append(label)
    return labels


def build(activation="tanh", loss="mse", lead=(), sizes=(3, 4, 4, 2), **options):
    generators = [np.random.default_rng(10 + number) for number in range(lead[0] if lead else 1)]
    given = MANY_LOSSES[loss] if isinstance(loss, str) else loss
    network = Network(
        sizes, ACTIVATIONS[activation], given, lead=lead, generators=generators, dtype=np.float64, **options
    )
    rng = np.random.default_rng(1)
    network.parameters.theta[...] = rng.normal(size=network.parameters.theta.shape)
    network.statistics[...] = rng.uniform(0.5, 2, size=network.statistics.shape)
    return network


def filled(recording):
    rng = np.random.default_rng(2)
    recording.x[...] = rng.normal(size=recording.x.shape)
    classes = rng.integers(0, 2, recording.x.shape[-1])
    recording.target[...] = np.eye(2)[:, classes]
    return recording
