"""The grammar of the notation: a label of the tape as what is written and a tree of what it says."""

import re
from dataclasses import dataclass

NAME = r"[^\W\dᵀ²][^\Wᵀ²]*'*"
# A number, a function before its parenthesis, a name, maybe with an index, or a sign.
TOKEN = re.compile(rf"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|({NAME}(?=\())|({NAME}(?:\[[^\]\s]*\])?)|(\S)")
END = ("", ")", "]", ",", "+", "-", "<")


class NotInNotation(ValueError):
    """A label, such as a plugin's own, that is not written in the notation of the tape."""


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    Attributes
    ----------
    kind : str
        ``number``, ``name``, ``call`` and ``rows`` have a text or parts of their own number; ``+``, ``-``,
        ``⊙``, ``/``, ``product`` (one operand behind the other) and ``<`` have two; ``minus``, ``abs``, ``²``
        and ``ᵀ`` have one.
    text : str
        The number, the name, or the name of the function.
    """

    kind: str
    text: str = ""
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Equation:
    """``targets = value``; of several targets each takes one row."""

    targets: tuple[str, ...]
    value: Node


def equations(label: str) -> list[Equation]:
    """Return what a label says, such as ``dW1 = dz1 a0ᵀ, db1 = sum_batch(dz1)``.

    Raises
    ------
    NotInNotation
        When it says nothing in the notation of :mod:`engine.nn.notation`.
    """
    return _Reader(label).equations()


class _Reader:
    def __init__(self, label: str) -> None:
        self.label = label
        self.tokens = [match.groups() for match in TOKEN.finditer(label)]
        self.place, self.in_bars = 0, False

    def equations(self) -> list[Equation]:
        found = []
        while self.place < len(self.tokens):
            targets = self._targets()
            found.append(Equation(targets, self._sum()))
            if self._next():
                self._take(",")
        return found

    def _next(self) -> str:
        return "".join(filter(None, self.tokens[self.place])) if self.place < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        taken = self._next()
        if not taken or wanted not in ("", taken):
            expected = f"expected {wanted or 'more'!r}, got {taken or 'its end'!r}"
            raise NotInNotation(f"{self.label!r} is not in the notation: {expected}")
        self.place += 1
        return taken

    def _targets(self) -> tuple[str, ...]:
        targets = []
        if self._next() != "(":
            targets.append(self._take())
        else:
            while (taken := self._take()) != ")":
                if taken not in ("(", ","):
                    targets.append(taken)
        self._take("=")
        return tuple(targets)

    def _sum(self) -> Node:
        found = self._product()
        while self._next() in ("+", "-"):
            found = Node(self._take(), parts=(found, self._product()))
        return found

    def _product(self) -> Node:
        if self._next() == "-":
            self._take()
            return Node("minus", parts=(self._product(),))
        found = self._factor()
        while self._next() not in END and not (self._next() == "|" and self.in_bars):
            kind = self._take() if self._next() in ("⊙", "/") else "product"
            found = Node(kind, parts=(found, self._factor()))
        return found

    def _factor(self) -> Node:
        found = self._atom()
        while self._next() in ("²", "ᵀ"):
            found = Node(self._take(), parts=(found,))
        return found

    def _atom(self) -> Node:
        token = self.tokens[self.place] if self.place < len(self.tokens) else ("",) * 4
        number, function, name, _ = token
        sign = self._take()
        if number or name:
            return Node("number" if number else "name", sign)
        if function:
            self._take("(")
            return Node("call", sign, self._operands())
        if sign == "|":
            self.in_bars = True
            inside = self._sum()
            self.in_bars = False
            self._take("|")
            return Node("abs", parts=(inside,))
        if sign == "[":
            low = self._sum()
            self._take("<")
            high = self._sum()
            self._take("]")
            return Node("<", parts=(low, high))
        if sign != "(":
            raise NotInNotation(f"{self.label!r} is not in the notation: {sign!r} is no operand")
        rows = self._operands()
        return rows[0] if len(rows) == 1 else Node("rows", parts=rows)

    def _operands(self) -> tuple[Node, ...]:
        """Return what stands before the closing parenthesis, with commas in between."""
        found = [self._sum()]
        while self._take() == ",":
            found.append(self._sum())
        return tuple(found)
