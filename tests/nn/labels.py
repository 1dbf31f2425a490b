"""Evaluates the labels of a tape with NumPy, by the notation alone: what they say, whatever the calls do."""

import copy
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, SmoothL1
from engine.nn.network import Network
from engine.nn.tape import Instruction

NAME = r"[^\W\dᵀ²][^\Wᵀ²]*'*"
# A number, a function before its parenthesis, a name, maybe with an index, or a sign.
TOKEN = re.compile(rf"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|({NAME}(?=\())|({NAME}(?:\[[^\]\s]*\])?)|(\S)")
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
        self.tokens = [match.groups() for match in TOKEN.finditer(label)]
        self.place = 0
        self.in_bars = False
        self.reads: set[str] = set()
        self.text: list[tuple[str, np.ndarray, np.ndarray]] = []
        while self.place < len(self.tokens):
            targets = self._targets()
            value = np.array(self._sum())
            parts = [value[..., row, :] for row in range(len(targets))] if len(targets) > 1 else [value]
            for name, part in zip(targets, parts, strict=True):
                self.text.append((name, self.arrays[name], part))
            if self._next():
                self._take(",")

    def _next(self) -> str:
        return "".join(filter(None, self.tokens[self.place])) if self.place < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        taken = self._next()
        assert taken and wanted in ("", taken), f"expected {wanted!r}, got {taken!r}"
        self.place += 1
        return taken

    def _targets(self) -> list[str]:
        targets = []
        if self._next() != "(":
            targets.append(self._take())
        else:
            while self._take() != ")":
                targets.append(self._take())
        self._take("=")
        return targets

    def _sum(self) -> Any:
        value = self._product()
        while self._next() in ("+", "-"):
            sign = self._take()
            value, other = self._aligned(value, self._product())
            value = value + other if sign == "+" else value - other
        return value

    def _aligned(self, *operands: Any) -> list[Any]:
        """Return operands with one number for each replicate in front of the axes of the others."""
        axes = max(map(np.ndim, operands))
        return [
            np.reshape(each, (*self.replicates, *(1,) * (axes - self.lead)))
            if self.lead and np.shape(each) == self.replicates
            else each
            for each in operands
        ]

    def _product(self) -> Any:
        if self._next() == "-":
            self._take()
            return -self._product()
        value = self._factor()
        while self._next() not in ("", ")", "]", ",", "+", "-", "<") and not (
            self._next() == "|" and self.in_bars
        ):
            if self._next() == "⊙":
                self._take()
                value, other = self._aligned(value, self._factor())
                value = value * other
            elif self._next() == "/":
                self._take()
                value, other = self._aligned(value, self._factor())
                value = value / other
            else:
                other = self._factor()
                scales = self._is_scalar(value) or self._is_scalar(other)
                value, other = self._aligned(value, other) if scales else (value, other)
                value = value * other if scales else value @ other
        return value

    def _is_scalar(self, value: Any) -> bool:
        shape = np.shape(value)[self.lead :] if np.ndim(value) >= self.lead else ()
        return shape == () or (self.lead > 0 and shape == (1,))

    def _factor(self) -> Any:
        value = self._atom()
        while self._next() in ("²", "ᵀ"):
            value = value * value if self._take() == "²" else value.swapaxes(-1, -2)
        return value

    def _atom(self) -> Any:
        number, function, name, _ = self.tokens[self.place]
        sign = self._take()
        if number:
            return float(number)
        if function or name:
            return self._applied(function) if function else self._read(name)
        if sign == "|":
            self.in_bars = True
            value = abs(self._sum())
            self.in_bars = False
            self._take("|")
            return value
        if sign == "[":
            value = self._sum()
            self._take("<")
            value = 1.0 * (value < self._sum())
            self._take("]")
            return value
        assert sign == "(", f"expected an operand, got {sign!r}"
        rows = [self._sum()]
        while self._take() == ",":
            rows.append(self._sum())
        return rows[0] if len(rows) == 1 else np.stack([each[..., 0] for each in rows], axis=-2)

    def _read(self, name: str) -> Any:
        if name == "π":
            return math.pi
        if name.endswith("[layer]"):
            return self._read(name.removesuffix("[layer]"))[..., self._index()]
        self.reads.add(name)
        return self.arrays[name]

    def _applied(self, name: str) -> Any:
        self._take("(")
        operands = [self._sum()]
        while self._take() == ",":
            operands.append(self._sum())
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
