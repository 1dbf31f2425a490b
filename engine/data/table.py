"""A table as it was read: columns of numbers or of text with gaps."""

from dataclasses import dataclass

import numpy as np

from engine.config.errors import unknown_name
from engine.data.decoding import TableError


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    Attributes
    ----------
    name : str
    numbers : numpy.ndarray or None
        ``(n,)`` float64, NaN where the cell is empty; None for text.
    codes : numpy.ndarray or None
        ``(n,)`` int32, places in ``values``, -1 where the cell is empty; None for numbers.
    values : tuple of str
        The different texts in alphabetical order; empty for numbers.
    example : str
        For text that holds numbers nearly everywhere: the cell that is none, and its line.
    """

    name: str
    numbers: np.ndarray | None
    codes: np.ndarray | None
    values: tuple[str, ...] = ()
    example: str = ""

    @property
    def kind(self) -> str:
        """``number`` or ``text``."""
        return "number" if self.numbers is not None else "text"

    @property
    def missing(self) -> np.ndarray:
        """``(n,)`` bool: the empty cells."""
        return np.isnan(self.numbers) if self.numbers is not None else self.text_codes < 0

    @property
    def text_codes(self) -> np.ndarray:
        """The codes of a text column."""
        assert self.codes is not None
        return self.codes

    def known(self) -> np.ndarray:
        """Return the cells that are not empty: numbers, or codes of text."""
        cells = self.numbers if self.numbers is not None else self.text_codes
        return cells[~self.missing]

    def different(self) -> int:
        """Return how many different cells there are, empty ones left out."""
        return len(np.unique(self.numbers[~self.missing])) if self.numbers is not None else len(self.values)

    def first(self, count: int) -> list[str | float | None]:
        """Return the first cells as people know them, None where one is empty."""
        if self.numbers is not None:
            return [None if number != number else number for number in self.numbers[:count].tolist()]
        return [None if code < 0 else self.values[code] for code in self.text_codes[:count].tolist()]


@dataclass(frozen=True, eq=False)
class Table:
    """A table in memory.

    Attributes
    ----------
    rows : int
    notes : tuple of str
        How the file was read, in sentences for people.
    """

    columns: tuple[Column, ...]
    rows: int
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in the order of the file."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str, setting: str = "column") -> Column:
        """Return a column by its name.

        Raises
        ------
        TableError
            When the table has no such column; the sentence names the setting that asked for it.
        """
        for column in self.columns:
            if column.name == name:
                return column
        kind = "column" if setting == "column" else f"column for {setting}"
        raise TableError(unknown_name(kind, name, self.names[:40]))
