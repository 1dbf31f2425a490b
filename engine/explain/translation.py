"""Translates the notation of the tape into NumPy: ``z1 = W1 a0 + b1`` becomes ``z1 = W1 @ a0 + b1``."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.explain.grammar import Node, NotInNotation, equations

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
# How strongly an expression holds together: a sum, a product, one operand.
SUM, PRODUCT, OPERAND = 1, 2, 3
Naming = Callable[[str], str]


def translated(
    label: str,
    written: Naming,
    read: Naming,
    is_scalar: Callable[[str], bool],
    exact: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the assignments in Python that a label says, one for each equation.

    Parameters
    ----------
    label : str
        In the notation of :mod:`engine.nn.notation`.
    written, read : callable
        Return the Python name of a name of the notation that is written, or read.
    is_scalar : callable
        Tells whether a Python expression is one number: a product with it is ``*``, one of matrices ``@``.
    exact : mapping, optional
        By a number as the label has it, which is to twelve digits, the number itself.

    Raises
    ------
    NotInNotation
        When the label is not in that notation.
    """
    lines = []
    for equation in equations(label):
        value = _Translator(read, is_scalar, exact or {}).of(equation.value)[0]
        lines.append(f"{', '.join(map(written, equation.targets))} = {value}")
    return lines


class _Translator:
    def __init__(self, read: Naming, is_scalar: Callable[[str], bool], exact: Mapping[str, str]) -> None:
        self.read, self.is_scalar, self.exact = read, is_scalar, exact

    def of(self, node: Node) -> tuple[str, int]:
        """Return a part in Python, and how strongly it holds together."""
        if node.kind in ("+", "-"):
            left, right = self.held(node, SUM, PRODUCT)
            return f"{left} {node.kind} {right}", SUM
        if node.kind in ("⊙", "/", "product"):
            left, right = self.held(node, PRODUCT, OPERAND)
            sign = {"⊙": "*", "/": "/"}.get(node.kind)
            sign = sign or ("*" if self.is_scalar(left) or self.is_scalar(right) else "@")
            return f"{left} {sign} {right}", PRODUCT
        if node.kind == "minus":
            return f"-{self.held(node, PRODUCT)[0]}", PRODUCT
        if node.kind == "<":
            low, high = self.held(node, SUM, SUM)
            return f"1.0 * ({low} < {high})", PRODUCT
        return self.operand(node), OPERAND

    def operand(self, node: Node) -> str:
        """Return a part that holds together by itself."""
        if node.kind in ("name", "number"):
            return self.name(node.text) if node.kind == "name" else self.exact.get(node.text, node.text)
        if node.kind in ("²", "ᵀ"):
            return f"{self.held(node, OPERAND)[0]}{' ** 2' if node.kind == '²' else '.T'}"
        if node.kind == "rows":
            rows = self.held(node, *[OPERAND] * len(node.parts))
            return f"np.stack([{', '.join(f'{each}.ravel()' for each in rows)}])"
        inside = [self.of(part)[0] for part in node.parts]
        if node.kind == "abs":
            return f"np.abs({inside[0]})"
        if node.kind == "call" and node.text not in CALLS:
            raise NotInNotation(f"{node.text} is no function of the notation")
        return CALLS[node.text].format(", ".join(inside)) if node.kind == "call" else node.text

    def held(self, node: Node, *strengths: int) -> list[str]:
        """Return the parts of a node, in parentheses where they hold together less than they must."""
        found = zip(map(self.of, node.parts), strengths, strict=True)
        return [text if own >= strength else f"({text})" for (text, own), strength in found]

    def name(self, name: str) -> str:
        """Return what stands for a name: π, one value a layer spread over its parameters, or a variable."""
        if name == "π":
            return "np.pi"
        if name.endswith("[layer]"):
            return f"{self.read(name.removesuffix('[layer]'))}[layer_of]"
        return self.read(name)


def is_scalar_in(variables: Mapping[str, Any], environment: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return what tells whether an expression of these variables is one number."""

    def is_scalar(expression: str) -> bool:
        return np.ndim(eval(expression, dict(environment), dict(variables))) == 0  # noqa: S307 - our own

    return is_scalar
