"""Translates the notation of the tape into NumPy: ``z1 = W1 a0 + b1`` becomes ``z1 = W1 @ a0 + b1``."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

NAME = r"[^\W\dᵀ²][^\Wᵀ²]*'*"
# A number, a function before its parenthesis, a name, maybe with an index, or a sign.
TOKEN = re.compile(rf"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|({NAME}(?=\())|({NAME}(?:\[[^\]\s]*\])?)|(\S)")
CALLS = {
    **{name: f"np.{name}({{}})" for name in ("sqrt", "exp", "log", "tanh", "sign", "sin")},
    "max": "np.maximum({})",
    "min": "np.minimum({})",
    "clamp": "np.clip({})",
    "sum": "np.sum({})",
    "sum_batch": "np.sum({}, axis=-1, keepdims=True)",
    "sum_units": "np.sum({}, axis=-2, keepdims=True)",
    "mean_units": "np.mean({}, axis=-2, keepdims=True)",
    "max_units": "np.max({}, axis=-2, keepdims=True)",
    "sum_by_layer": "np.add.reduceat({}, layer_starts)",
    "Φ": "normal_chance({})",
}
END = ("", ")", "]", ",", "+", "-", "<")
# How strongly an expression holds together: a sum, a product, one operand.
SUM, PRODUCT, OPERAND = 1, 2, 3


class Untranslatable(ValueError):
    """A label, such as a plugin's own, that is not written in the notation."""


class Translation:
    """The assignments that one label says.

    Parameters
    ----------
    label : str
        In the notation of :mod:`engine.nn.notation`.
    written, read : callable
        Return the Python name of a name of the notation that is written, or read.
    is_scalar : callable
        Tells whether a Python expression is one number: a product with it is ``*``, one of matrices ``@``.

    Attributes
    ----------
    lines : list of str
        Python, one for each equation.

    Raises
    ------
    Untranslatable
        When it is not that notation.
    """

    def __init__(
        self,
        label: str,
        written: Callable[[str], str],
        read: Callable[[str], str],
        is_scalar: Callable[[str], bool],
    ) -> None:
        self._label, self._name_read, self._is_scalar = label, read, is_scalar
        self._tokens = [match.groups() for match in TOKEN.finditer(label)]
        self._place, self._in_bars = 0, False
        self.lines: list[str] = []
        while self._place < len(self._tokens):
            targets = self._targets()
            value = self._sum()[0]
            self.lines.append(f"{', '.join(map(written, targets))} = {value}")
            if self._next():
                self._take(",")

    def _next(self) -> str:
        return "".join(filter(None, self._tokens[self._place])) if self._place < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        taken = self._next()
        if not taken or wanted not in ("", taken):
            raise Untranslatable(f"{self._label!r} is not in the notation: expected {wanted or 'more'!r}")
        self._place += 1
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

    def _sum(self) -> tuple[str, int]:
        text, strength = self._product()
        while self._next() in ("+", "-"):
            sign = self._take()
            text, strength = f"{text} {sign} {_held(self._product(), PRODUCT)}", SUM
        return text, strength

    def _product(self) -> tuple[str, int]:
        if self._next() == "-":
            self._take()
            return f"-{_held(self._product(), PRODUCT)}", PRODUCT
        found = self._factor()
        while self._next() not in END and not (self._next() == "|" and self._in_bars):
            sign = {"⊙": "*", "/": "/"}.get(self._next())
            if sign:
                self._take()
            left, other = _held(found, PRODUCT), _held(self._factor(), OPERAND)
            sign = sign or ("*" if self._is_scalar(left) or self._is_scalar(other) else "@")
            found = f"{left} {sign} {other}", PRODUCT
        return found

    def _factor(self) -> tuple[str, int]:
        found = self._atom()
        while self._next() in ("²", "ᵀ"):
            found = f"{_held(found, OPERAND)}{' ** 2' if self._take() == '²' else '.T'}", OPERAND
        return found

    def _atom(self) -> tuple[str, int]:
        if self._place >= len(self._tokens):
            raise Untranslatable(f"{self._label!r} is not in the notation: it ends in the middle")
        number, function, name, _ = self._tokens[self._place]
        sign = self._take()
        if number:
            return number, OPERAND
        if function:
            return self._applied(function), OPERAND
        if name:
            return self._read(name), OPERAND
        if sign == "|":
            self._in_bars = True
            inside = self._sum()[0]
            self._in_bars = False
            self._take("|")
            return f"np.abs({inside})", OPERAND
        if sign == "[":
            low = self._sum()[0]
            self._take("<")
            high = self._sum()[0]
            self._take("]")
            return f"1.0 * ({low} < {high})", PRODUCT
        if sign != "(":
            raise Untranslatable(f"{self._label!r} is not in the notation: {sign!r} is no operand")
        rows = [self._sum()]
        while self._take() == ",":
            rows.append(self._sum())
        if len(rows) == 1:
            return rows[0]
        columns = ", ".join(f"{_held(each, OPERAND)}.ravel()" for each in rows)
        return f"np.stack([{columns}])", OPERAND

    def _read(self, name: str) -> str:
        if name == "π":
            return "np.pi"
        if name.endswith("[layer]"):
            return f"{self._read(name.removesuffix('[layer]'))}[layer_of]"
        return self._name_read(name)

    def _applied(self, name: str) -> str:
        if name not in CALLS:
            raise Untranslatable(f"{self._label!r} is not in the notation: {name} is no function of it")
        self._take("(")
        operands = [self._sum()[0]]
        while self._take() == ",":
            operands.append(self._sum()[0])
        return CALLS[name].format(", ".join(operands))


def _held(found: tuple[str, int], strength: int) -> str:
    text, own = found
    return text if own >= strength else f"({text})"


def is_scalar_in(variables: Mapping[str, Any], environment: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return what tells whether an expression of these variables is one number."""

    def is_scalar(expression: str) -> bool:
        return np.ndim(eval(expression, dict(environment), dict(variables))) == 0  # noqa: S307 - our own

    return is_scalar
