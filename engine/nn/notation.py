"""The notation of the tape: what its buffers are called, and how people write a NumPy call on them.

A space is a product: of matrices, or of a number with anything. ``⊙`` is the product element by element.
``[W b]`` are columns next to each other, ``[x; 1]`` rows below each other, ``(μ, v)`` columns as rows.
``x'`` is a second x.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.nn.adapters import assign, draw_uniform, maximum, minimum

Key = tuple[int, tuple[int, ...], tuple[int, ...]]

SYMBOLS: dict[Callable[..., Any], str] = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} ⊙ {}",
    np.divide: "{} / {}",
    np.dot: "{} {}",
    np.matmul: "{} {}",
    np.vecdot: "sum{axis}({} ⊙ {})",
    np.positive: "{}",
    np.negative: "-{}",
    np.reciprocal: "1 / {}",
    np.square: "{}²",
    np.sqrt: "sqrt({})",
    np.exp: "exp({})",
    np.expm1: "exp({}) - 1",
    np.log: "log({})",
    np.log1p: "log(1 + {})",
    np.tanh: "tanh({})",
    np.abs: "|{}|",
    np.sign: "sign({})",
    np.less: "[{} < {}]",
    np.clip: "clamp({}, {}, {})",
    np.take: "{}[layer]",
    np.add.reduce: "sum{axis}({})",
    np.maximum.reduce: "max{axis}({})",
    np.add.reduceat: "sum_by_layer({})",
    maximum: "max({}, {})",
    minimum: "min({}, {})",
    assign: "{}",
    draw_uniform: "uniform(0, 1)",
}
# What functions of other libraries are called, by their own name.
FUNCTIONS = {"ndtr": "Φ"}
AXES = {-1: "_batch", -2: "_units", (-2, -1): ""}
# The row of ones carries the bias: products with it, written part by part.
BIAS_CARRIED = (
    (r"\[(\S+) (\S+)\] \[(\S+); 1\]$", r"\1 \3 + \2"),
    (r"^\[(\S+) (\S+)\] = (\S+) \[(\S+); 1\]ᵀ$", r"\1 = \3 \4ᵀ, \2 = sum_batch(\3)"),
    (r"^\[(\S+); _\] = \[(\S+) \S+\]ᵀ (\S+)$", r"\1 = \2ᵀ \3"),
)


class Names:
    """What the buffers of a tape are called: a name belongs to one buffer, views of it have their own.

    Naming only takes notes: nothing is looked up before a label is read, so that recording stays fast. The
    arrays are kept alive, so that none can take another one's place in memory.

    Parameters
    ----------
    lead_axes : int
        How many axes stand in front of every array.
    """

    def __init__(self, lead_axes: int = 0) -> None:
        self.lead_axes = lead_axes
        self._notes: list[tuple[np.ndarray, str | None, bool]] = []
        self._arrays: dict[str, np.ndarray] = {}
        self._found: dict[Key, str] = {}
        self._done = 0

    def give(self, array: np.ndarray, name: str) -> np.ndarray:
        """Name an array and return it; where another one has the name already it gets a prime.

        ``[W b]`` names its columns as well, b the last one, ``[x; 1]`` its rows but the last, and ``(μ, v)``
        each of its rows as a column.
        """
        self._notes.append((array, name, False))
        return array

    def give_constant(self, array: np.ndarray, symbol: str | None) -> np.ndarray:
        """Name a constant and return it; a number reads as itself where the symbol stands for another one."""
        self._notes.append((array, symbol, True))
        return array

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The buffers by name."""
        self._read_notes()
        return self._arrays

    def _read_notes(self) -> None:
        notes, self._done = self._notes[self._done :], len(self._notes)
        for array, name, is_constant in notes:
            if is_constant:
                self._enter_constant(array, name)
            else:
                self._enter(array, name or "x")

    def _enter(self, array: np.ndarray, name: str) -> None:
        while name in self._arrays and name[-2:] != "()" and _key(self._arrays[name]) != _key(array):
            name += "'"
        self._arrays[name] = array
        self._found[_key(array)] = name
        for part, view in _parts(name, array):
            self._enter(view, part)

    def _enter_constant(self, array: np.ndarray, symbol: str | None) -> None:
        is_taken = symbol in self._arrays and not np.array_equal(self._arrays[symbol], array)
        is_number = array.ndim == 0 or (array == array.flat[0]).all()
        if is_number and (symbol is None or is_taken):
            self._found[_key(array)] = number_text(array.flat[0])
        elif symbol in self._arrays and not is_taken:
            self._found[_key(array)] = symbol
        else:
            self._enter(array, symbol or "c")

    def of(self, operand: Any) -> str:
        """Return the name of an array or number; one that was given none is called x."""
        if not isinstance(operand, np.ndarray):
            return number_text(operand)
        self._read_notes()
        found = self._found
        # A vector reads as the column that it is.
        for view in (operand, operand[..., np.newaxis], operand[..., np.newaxis, np.newaxis]):
            if (name := found.get(_key(view))) is not None:
                return name
        if operand.ndim > 1 and (transposed := _key(operand.swapaxes(-1, -2))) in found:
            return f"{found[transposed]}ᵀ"
        self.give(operand, "x")
        return self.of(operand)

    def is_scalar(self, operand: Any) -> bool:
        """Tell whether an operand is one number, or one for each replicate."""
        axes = np.ndim(operand) - self.lead_axes
        return axes <= 0 or (self.lead_axes > 0 and axes == 1 and operand.shape[-1] == 1)


def label_of(
    function: Callable[..., Any], arguments: tuple[Any, ...], output: np.ndarray, names: Names
) -> str:
    """Return a call as people write it: ``z1 = W1 a0 + b1``."""
    if function in SYMBOLS:
        expression = _expression(function, arguments, names)
    else:
        is_last = arguments[-1] is output
        inputs = arguments[:-1] if is_last else [each for each in arguments if each is not output]
        called = getattr(function, "__name__", "f")
        expression = f"{FUNCTIONS.get(called, called)}({', '.join(map(names.of, inputs))})"
    label = f"{names.of(output)} = {expression}"
    for product, written in BIAS_CARRIED:
        label = re.sub(product, written, label)
    return label


def _expression(function: Callable[..., Any], arguments: tuple[Any, ...], names: Names) -> str:
    symbol = SYMBOLS[function]
    operands = list(arguments[: symbol.count("{}")])
    if function is np.multiply and any(map(names.is_scalar, operands)):
        symbol = "{} {}"
        operands.sort(key=lambda each: not names.is_scalar(each))
    words = [names.of(each) for each in operands]
    if "{} ⊙ {}" in symbol and words[0] == words[1]:
        symbol, words = symbol.replace("{} ⊙ {}", "{}²"), words[:1]
    if len(words) == 2:
        for sums, other in (words, words[::-1]):
            if sums.endswith("()"):
                return f"{sums[:-1]}{other})"
    if symbol[-1] not in ")|]":
        words = [_factor(each, begins=symbol[0] == "{" and not place) for place, each in enumerate(words)]
    return symbol.format(*words, axis=_axis(function, arguments, names))


def _parts(name: str, array: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return the views that a name of several parts names too."""
    inside = name[1:-1]
    if name[0] == "(" and array.size:
        return [(each, array[..., row, :, np.newaxis]) for row, each in enumerate(inside.split(", "))]
    if name[0] == "[" and "; " in name:
        return [(inside.split("; ")[0], array[..., :-1, :])]
    if name[0] == "[":
        first, last = inside.split()
        return [(first, array[..., :-1]), (last, array[..., -1:])]
    return []


def _axis(function: Callable[..., Any], arguments: tuple[Any, ...], names: Names) -> str:
    if function is np.vecdot:
        return AXES[-1] if arguments[0].ndim - names.lead_axes > 1 else ""
    axis = arguments[1] if len(arguments) > 1 else None
    return AXES.get(axis, "") if isinstance(axis, int | tuple) else ""


def _factor(name: str, begins: bool = False) -> str:
    """Return a name as part of an expression, in parentheses where it is one itself."""
    outside = re.sub(r"[(\[].*[)\]]", "", name.lstrip("-") if begins else name)
    return f"({name})" if re.search(r"[ /]|^-", outside) else name


def number_text(value: Any) -> str:
    """Return a number as labels have it: to twelve digits."""
    return f"{float(str(value)):.12g}"


def _key(array: np.ndarray) -> Key:
    """Return what tells a view from others: where it begins, its shape, and its steps where it has any."""
    steps = tuple(0 if size == 1 else step for size, step in zip(array.shape, array.strides, strict=True))
    return array.__array_interface__["data"][0], array.shape, steps
