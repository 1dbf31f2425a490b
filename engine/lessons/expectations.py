"""What a lesson expects of its runs: one comparison of measured numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from engine.config.errors import ConfigError, shown, unknown_name
from engine.lessons.measures import MEASURES, STATUSES, Values, format_measure

OPERATORS = {"<=": le, ">=": ge, "<": lt, ">": gt}
FORM = "'<measure> < <number>', '<measure> < <number> of <measure>' or 'status = <word>'"
PATTERN = re.compile(r"^\s*(?P<left>[\w.]+)\s*(?P<op><=|>=|<|>|=)\s*(?P<right>.+?)\s*$")
SHARE = re.compile(r"^(?P<factor>\S+)\s+of\s+(?P<of>[\w.]+)$")


@dataclass(frozen=True)
class Quantity:
    """A measure of one of a block's runs; the label of a single run is empty."""

    label: str
    measure: str

    def of(self, values: Mapping[str, Values]) -> float | str:
        """Return it from the measures of all runs by label."""
        return values[self.label][self.measure]


@dataclass(frozen=True)
class Expectation:
    """One comparison.

    Attributes
    ----------
    text : str
        As it was written.
    place : str
        File and line.
    factor : float
        Stands before ``right``; alone it is the number to compare with.
    right : Quantity or None
    word : str
        What a status is compared with; empty for numbers.
    """

    text: str
    place: str
    left: Quantity
    operator: str
    factor: float = 1.0
    right: Quantity | None = None
    word: str = ""

    def holds(self, values: Mapping[str, Values]) -> bool:
        """Tell whether it holds for the measures of all runs by label; never for what is not known."""
        left = self.left.of(values)
        if self.word:
            return left == self.word
        right = self._right(values)
        assert not isinstance(left, str)
        return bool(OPERATORS[self.operator](left, right))

    def _right(self, values: Mapping[str, Values]) -> float:
        of = 1.0 if self.right is None else self.right.of(values)
        assert not isinstance(of, str)
        return self.factor * of

    def describe(self, values: Mapping[str, Values]) -> str:
        """Return it with what was measured: ``loss < 0.1: 0.0312 against 0.1``."""
        left = self.left.of(values)
        if self.word:
            return f"{self.text}: it is {left}"
        return f"{self.text}: {_exact(left)} against {_exact(self._right(values))}"


def read_expectation(text: object, labels: Sequence[str], place: str = "") -> Expectation:
    """Read an expectation.

    Parameters
    ----------
    text : object
        Such as ``a.val_loss < 0.5 of b.val_loss``.
    labels : sequence of str
        Of the runs that it may speak of.
    place : str
        File and line, for whoever reports it.

    Raises
    ------
    ConfigError
        One sentence on what it must be.
    """
    found = PATTERN.match(text) if isinstance(text, str) else None
    if found is None:
        raise ConfigError(f"an expectation must be {FORM}, got {shown(text)}")
    left, operator, right = read_quantity(found["left"], labels), found["op"], found["right"]
    if left.measure == "status":
        if operator != "=" or right not in STATUSES:
            raise ConfigError(
                f"status must be compared as 'status = <{' | '.join(STATUSES)}>', got {shown(text)}"
            )
        return Expectation(str(text), place, left, operator, word=right)
    if operator == "=":
        raise ConfigError(f"a number must be compared with one of {', '.join(OPERATORS)}, got {shown(text)}")
    share = SHARE.match(right)
    factor = _number(share["factor"] if share else right)
    if share or factor is None:
        of = read_quantity(share["of"] if share else right, labels)
        if of.measure == "status" or (share and factor is None):
            raise ConfigError(f"an expectation must be {FORM}, got {shown(text)}")
        return Expectation(str(text), place, left, operator, 1.0 if factor is None else factor, of)
    return Expectation(str(text), place, left, operator, factor)


def read_quantity(text: str, labels: Sequence[str]) -> Quantity:
    """Read the name of a measure, with the label of its run where there are several.

    Raises
    ------
    ConfigError
        For a measure that is not known, and where it is not clear of which run.
    """
    label, _, measure = text.rpartition(".")
    if measure not in MEASURES:
        raise ConfigError(unknown_name("measure", measure, MEASURES))
    if not labels:
        raise ConfigError(f"there is no run to measure, got {shown(text)}")
    if label not in labels:
        wanted = " or ".join(f"{each}.{measure}" if each else measure for each in labels)
        raise ConfigError(f"a measure must say of which run it is: {wanted}, got {shown(text)}")
    return Quantity(label, measure)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _exact(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:z.4g}"


PLACE = re.compile(r"\{(?P<what>[\w.]+)(?::(?P<form>[^{}]*))?\}")
FORMULA = re.compile(r"(\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]*`)", re.DOTALL)


def filled(template: str, values: Mapping[str, Values], scores: Mapping[str, str] | None = None) -> str:
    """Return a text with measured numbers in place of ``{measure}`` and ``{a.measure:.2g}``.

    Braces in formulas and in code stay.

    Parameters
    ----------
    values : mapping
        Measures of the runs by label.
    scores : mapping, optional
        What the score of each run is, by label; accuracy where it is not given.

    Raises
    ------
    ConfigError
        For a place that names no measure, no run, or a form in which no number can be written.
    """

    def number(found: re.Match[str]) -> str:
        quantity = read_quantity(found["what"], list(values))
        value = quantity.of(values)
        if found["form"] is None or isinstance(value, str):
            return format_measure(quantity.measure, value, (scores or {}).get(quantity.label, "accuracy"))
        try:
            return format(value, found["form"])
        except ValueError:
            raise ConfigError(
                f"a number must be written in a form such as :.3g, got :{found['form']}"
            ) from None

    pieces = FORMULA.split(template)
    return "".join(each if place % 2 else PLACE.sub(number, each) for place, each in enumerate(pieces))
