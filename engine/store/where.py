"""Filters runs by an expression such as ``optimizer=adam learning_rate>0.01``, on page and command line."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.errors import shown
from engine.store.columns import Column, known_column, written
from engine.store.row import RunRow

LONGEST = 2000
TERM = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)\s*
    (?P<operator>!=|<=|>=|=|<|>|~)\s*
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'=<>~!]+))(?=\s|$)""",
    re.VERBOSE,
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d( \d\d(:\d\d)?)?)?)?", re.ASCII)
NOTHING = ("none", "off", "auto")
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
WITH_ORDER = ("integer", "number", "integer or full", "number or list", "moment")
NUMBERS = ("integer", "number", "integer or full")
WITHOUT_TEXT = (*NUMBERS, "switch", "moment")
A_TERM = "a name, one of = != < <= > >= ~ and a value, such as learning_rate>0.01 or name~'my run'"


class WhereError(ValueError):
    """An expression that cannot be used; its text is one sentence for people."""


@dataclass(frozen=True)
class Term:
    """One condition on a run.

    Attributes
    ----------
    operator : str
        ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` or ``~``, which is: contains.
    text : str
        What it is compared with, as it was written, without quotes.
    """

    column: Column
    operator: str
    text: str

    def holds(self, row: RunRow) -> bool:
        """Tell whether it is so for a run: never where the settings are not known and it is about one."""
        values = self.column.values(row)
        if self.operator == "!=":
            return bool(values) and not any(self._equals(value) for value in values)
        return any(self._compare(value) for value in values)

    def _compare(self, value: Any) -> bool:
        if self.operator == "=":
            return self._equals(value)
        if value is None:
            return False
        if self.operator == "~":
            return self.text.casefold() in written(value).casefold()
        if self.column.kind == "moment":
            return ORDERS[self.operator](value[: len(self.text)], self.text)
        wanted = as_number(self.text)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and wanted is not None and ORDERS[self.operator](value, wanted)

    def _equals(self, value: Any) -> bool:
        if self.column.kind == "moment" and value is not None:
            return value[: len(self.text)] == self.text
        return _equals(value, self.text)


Where = tuple[Term, ...]


def parse_where(text: str) -> Where:
    """Read an expression: terms with blanks between them, all of which must hold; nothing holds always.

    Raises
    ------
    WhereError
        When a name is not known, or a term cannot be read: the sentence names it and what was required.
    """
    if len(text) > LONGEST:
        raise WhereError(f"the filter must have at most {LONGEST} characters, got {len(text):,}")
    terms, place = [], 0
    while text[place:].strip():
        found = TERM.match(text, place)
        if found is None:
            raise WhereError(_unreadable(text[place:].strip()))
        place = found.end()
        value = next(part for part in found.group("double", "single", "bare") if part is not None)
        terms.append(_checked(Term(_column(found["name"]), found["operator"], value.strip())))
    return tuple(terms)


def matches(where: Where, row: RunRow) -> bool:
    """Tell whether all terms hold for a run."""
    return all(term.holds(row) for term in where)


def as_number(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    if not NUMBER.fullmatch(text) or len(text) > 60:
        return None
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _column(name: str) -> Column:
    try:
        return known_column(name)
    except ValueError as error:
        raise WhereError(str(error)) from None


def _unreadable(rest: str) -> str:
    name = re.match(r"([A-Za-z_]\w*)\s*(!=|<=|>=|=|<|>|~)\s*(.*)", rest, re.DOTALL)
    if name is not None and name[3][:1] in ("'", '"') and name[3].count(name[3][0]) < 2:
        return f"the filter term {shown(rest)} must end with the quote {name[3][0]} that it begins with"
    if name is not None and not name[3].strip():
        return f"the filter term {shown(rest)} must end with a value, such as {name[1]}{name[2]}1"
    return f"each term of a filter must be {A_TERM}, got {shown(rest.split()[0])}"


def _checked(term: Term) -> Term:
    """Return a term that can hold.

    Raises
    ------
    WhereError
        When its operator or its value makes no sense for its column.
    """
    name, kind, text = term.column.name, term.column.kind, term.text
    if term.operator in ORDERS and kind not in WITH_ORDER:
        raise WhereError(f"{name} has no order: it must be compared by =, != or ~, got {term.operator}")
    if term.operator == "~":
        if kind in WITHOUT_TEXT:
            orders = "= or !=" if kind == "switch" else "=, !=, <, <=, > or >="
            raise WhereError(f"{name} is no text: it must be compared by {orders}, got ~")
        return term
    if kind == "moment":
        if not MOMENT.fullmatch(text):
            raise WhereError(f"{name} must be compared with a date such as 2026-11-27, got {shown(text)}")
        return term
    if as_number(text) is not None or (kind not in (*NUMBERS, "switch") and term.operator not in ORDERS):
        return term
    words = _words(kind) if term.operator not in ORDERS else ()
    if text.lower() not in words:
        accepted = "true, false or none" if kind == "switch" else " or ".join(("a number", *words[:2]))
        raise WhereError(f"{name} must be compared with {accepted}, got {shown(text)}")
    return term


def _words(kind: str) -> Sequence[str]:
    if kind == "switch":
        return (*YES, *NO, *NOTHING)
    return ("full", *NOTHING) if kind == "integer or full" else NOTHING


def _equals(value: Any, text: str) -> bool:
    if value is None:
        return text.lower() in NOTHING
    if isinstance(value, bool):
        return text.lower() in (YES if value else NO)
    if isinstance(value, int | float):
        return as_number(text) == value
    if isinstance(value, list | tuple):
        return _parts(text) == _parts(written(value))
    return str(value).casefold() == text.casefold()


def _parts(text: str) -> list[int | float | str]:
    listed = [part.strip() for part in text.strip("[]() ").split(",") if part.strip()]
    numbers = [(as_number(part), part.casefold()) for part in listed]
    return [word if number is None else number for number, word in numbers]
