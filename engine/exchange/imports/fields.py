"""Takes values of the required kind out of foreign JSON; must not know what they mean."""

import math
from typing import Any

from engine.exchange.imports.errors import BadFile, shown

ENTRIES_AT_MOST = 100_000


class Fields:
    """The fields of a JSON object; each method returns one, or raises BadFile with a sentence."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise BadFile(f"{where} must be an object, got {shown(values)}")
        self.values, self.where = values, where

    def _refused(self, name: str, required: str) -> BadFile:
        return BadFile(f"{name} of {self.where} must be {required}, got {shown(self.values.get(name))}")

    def text(self, name: str, longest: int) -> str:
        """Return a text of at most ``longest`` characters."""
        value = self.values.get(name)
        if not isinstance(value, str) or len(value) > longest:
            raise self._refused(name, f"text of at most {longest:,} characters")
        return value.encode("utf-8", "replace").decode()

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """Return one of the texts ``choices``."""
        value = self.values.get(name)
        if value not in choices:
            raise self._refused(name, f"one of {', '.join(choices)}")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise self._refused(name, "true or false")
        return value

    def whole(self, name: str, largest: int) -> int:
        """Return a whole number from 0 to ``largest``."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
            raise self._refused(name, f"a whole number from 0 to {largest:,}")
        return value

    def optional_whole(self, name: str) -> int | None:
        """Return a whole number >= 0, or None where there is none."""
        return None if self.values.get(name) is None else self.whole(name, 2**53)

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refused(name, "a finite number")
        if abs(value) <= 1e308 and math.isfinite(value):
            return float(value)
        raise self._refused(name, "a finite number")

    def optional_number(self, name: str) -> float | None:
        """Return a finite number, or None where there is none."""
        return None if self.values.get(name) is None else self.number(name)

    def _entries(self, name: str) -> list[Any]:
        value = self.values.get(name)
        if not isinstance(value, list) or len(value) > ENTRIES_AT_MOST:
            raise self._refused(name, f"a list of at most {ENTRIES_AT_MOST:,} entries")
        return value

    def object(self, name: str) -> dict[str, Any]:
        """Return an object."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self._refused(name, "an object")
        return value

    def objects(self, name: str) -> list[Any]:
        """Return a list, for whose entries :class:`Fields` are made one by one."""
        return self._entries(name)

    def names(self, name: str) -> list[str]:
        """Return a list of texts."""
        value = self._entries(name)
        if not all(isinstance(entry, str) for entry in value):
            raise self._refused(name, "a list of texts")
        return value

    def wholes(self, name: str) -> list[int]:
        """Return a list of whole numbers >= 0."""
        value = self._entries(name)
        if not all(isinstance(entry, int) and not isinstance(entry, bool) and entry >= 0 for entry in value):
            raise self._refused(name, "a list of whole numbers")
        return value
