"""CSV text to a table, strictly: what could be misread is refused by line."""

import csv
import re
from collections.abc import Iterator

import numpy as np

from engine.config.data import NAME_LENGTH
from engine.config.errors import shown
from engine.data.decoding import TableError, decoded
from engine.data.table import Column, Table

ROWS_AT_MOST, COLUMNS_AT_MOST = 1_000_000, 2000
CELLS_AT_ONCE = 200_000
LOOKED_AT = 50
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "#n/a"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
LARGEST_EXACT = 2**53
NEARLY_ALL = 0.9


def read_table(content: bytes, as_text: frozenset[str] = frozenset()) -> Table:
    """Read the bytes of a CSV file.

    The first line names the columns; comma, semicolon or tab separates, whichever fits the lines; with
    semicolon or tab, ``1,5`` may be a number. A column of numbers and empty cells is numeric, every other
    one is text, and so is one with whole numbers beyond 2^53, which would lose digits. Empty are cells
    without a character and NA, N/A, NaN, null, ?, #N/A. Formulas are text like any other.

    Parameters
    ----------
    content : bytes
    as_text : frozenset of str
        Columns that are text whatever they hold.

    Raises
    ------
    TableError
        One sentence on the first thing that is wrong, with its line: see :func:`decoded`; ragged lines, a
        quote that is not closed, names that are missing or given twice, infinite numbers, no row, more than
        10^6 rows or 2000 columns.
    """
    text, encoding = decoded(content)
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter)
    names = _names(next(rows, (1, []))[1])
    comma = delimiter != "," and _has_decimal_comma(text, delimiter)
    return _Reader(text, delimiter, names, comma, as_text).table(encoding)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which a row begins and its cells; empty lines are passed over."""
    lines = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in lines:
            if cells:
                yield line, cells
            line = lines.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason:
            raise TableError(f"a quote must be closed, but the one on line {line:,} is not") from None
        if "field limit" in reason:
            sentence = f"a cell must have at most {csv.field_size_limit():,} characters, got more"
            raise TableError(f"{sentence} on line {line:,} (is a quote not closed?)") from None
        raise TableError(f"line {line:,} must be valid CSV: {reason}") from None


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text with their ends, one at a time."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    start = 0
    while start < len(text):
        after = text.find("\n", start) + 1 or len(text)
        yield text[start:after]
        start = after


def _delimiter(text: str) -> str:
    """Return the delimiter for which the first lines have equally many cells, the more the better."""
    found: list[tuple[bool, int, str]] = []
    for delimiter in DELIMITERS:
        widths = []
        try:
            for (_, cells), _ in zip(_rows(text, delimiter), range(LOOKED_AT)):
                widths.append(len(cells))
        except TableError:
            widths.append(-1)
        found.append((len(set(widths)) == 1 and widths[0] > 1, widths[0], delimiter))
    return max(found, key=lambda entry: entry[:2])[2]


def _names(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    if len(names) < 2:
        raise TableError(
            "the table must have at least 2 columns, separated by comma, semicolon or tab, got 1"
        )
    if len(names) > COLUMNS_AT_MOST:
        raise TableError(f"the table must have at most {COLUMNS_AT_MOST:,} columns, got {len(names):,}")
    for number, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"column {number:,} must have a name in the first line, got an empty cell")
        if len(name) > NAME_LENGTH:
            raise TableError(f"a column's name must have at most {NAME_LENGTH} characters, got {len(name):,}")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TableError(f"each column must have a name of its own, got {shown(name)} twice")
        seen.add(name)
    return tuple(names)


def _has_decimal_comma(text: str, delimiter: str) -> bool:
    commas = points = 0
    for (_, cells), _ in zip(_rows(text, delimiter), range(1000)):
        for cell in cells:
            commas += "," in cell and NUMBER.fullmatch(cell.strip().replace(",", ".", 1)) is not None
            points += "." in cell and NUMBER.fullmatch(cell.strip()) is not None
    return commas > points


class _Reader:
    """Reads the rows once; a second time those columns of numbers that turn out to be text further down."""

    def __init__(
        self, text: str, delimiter: str, names: tuple[str, ...], comma: bool, as_text: frozenset[str]
    ) -> None:
        self.text, self.delimiter, self.names, self.comma = text, delimiter, names, comma
        self.is_suspicious = "_" in text or not text.isascii()
        self.numbers = {i: [] for i, name in enumerate(names) if name not in as_text}
        self.found: dict[int, dict[str, int]] = {i: {} for i, name in enumerate(names) if name in as_text}
        self.codes: dict[int, list[np.ndarray]] = {index: [] for index in self.found}
        self.infinite: dict[int, tuple[int, str]] = {}
        self.too_long: set[int] = set()
        self.rows = 0

    def table(self, encoding: str) -> Table:
        for number, (lines, columns) in enumerate(self._blocks()):
            for index in list(self.numbers):
                self._take_numbers(index, lines, columns[index])
            if number == 0:
                self._expect_texts()
            for index in self.found:
                self._take_texts(index, columns[index])
        late = self._expect_texts()
        if late:
            for _, columns in self._blocks():
                for index in late:
                    self._take_texts(index, columns[index])
        for index in self.numbers:
            if index in self.infinite:
                line, cell = self.infinite[index]
                raise TableError(
                    f"column {shown(self.names[index])} must hold finite numbers, got {cell} on line {line:,}"
                )
        read = tuple(
            self._text_column(i) if i in self.found else Column(name, np.concatenate(self.numbers[i]), None)
            for i, name in enumerate(self.names)
        )
        return Table(read, self.rows, self._notes(encoding))

    def _notes(self, encoding: str) -> tuple[str, ...]:
        with_comma = ", with a decimal comma" if self.comma else ""
        notes = [f"read as {encoding}, separated by {DELIMITERS[self.delimiter]}{with_comma}"]
        notes += [
            f"column {shown(self.names[i])} has whole numbers beyond 2^53: read as text to keep all digits"
            for i in sorted(self.too_long)
        ]
        return tuple(notes)

    def _blocks(self) -> Iterator[tuple[list[int], list[tuple[str, ...]]]]:
        """Yield line numbers and columns, some rows at a time; each row has as many cells as the header."""
        width = len(self.names)
        at_once = max(1, CELLS_AT_ONCE // width)
        rows = _rows(self.text, self.delimiter)
        next(rows)
        lines: list[int] = []
        block: list[list[str]] = []
        self.rows = 0
        for line, cells in rows:
            if len(cells) != width:
                raise TableError(
                    f"line {line:,} must have {width:,} cells like the first one, got {len(cells):,}"
                )
            lines.append(line)
            block.append(cells)
            self.rows += 1
            if self.rows > ROWS_AT_MOST:
                raise TableError(f"the table must have at most {ROWS_AT_MOST:,} rows, got more")
            if len(block) == at_once:
                yield lines, list(zip(*block))
                lines, block = [], []
        if block:
            yield lines, list(zip(*block))
        if self.rows == 0:
            raise TableError("the table must have rows below the line of names, got none")

    def _take_numbers(self, index: int, lines: list[int], cells: tuple[str, ...]) -> None:
        values = self._as_numbers(cells)
        if values is None:
            del self.numbers[index]
            return
        large = np.flatnonzero(np.abs(values) >= LARGEST_EXACT)
        if any(WHOLE.fullmatch(cells[place].strip()) for place in large[:1000]):
            self.too_long.add(index)
            del self.numbers[index]
            return
        wild = np.flatnonzero(np.isinf(values))
        if len(wild):
            self.infinite.setdefault(index, (lines[wild[0]], shown(cells[wild[0]].strip())))
        self.numbers[index].append(values)

    def _as_numbers(self, cells: tuple[str, ...]) -> np.ndarray | None:
        """Return a block of a column as numbers, NaN for empty cells; None when it is text."""
        if not self.is_suspicious and not self.comma:
            try:
                return np.fromiter(map(float, cells), np.float64, len(cells))
            except ValueError:
                pass
        values = np.empty(len(cells))
        for place, cell in enumerate(cells):
            number = _number(cell, self.comma)
            if number is None:
                return None
            values[place] = number
        return values

    def _expect_texts(self) -> list[int]:
        """Return the columns that are known as text only now, and make room for their cells."""
        new = [i for i in range(len(self.names)) if i not in self.numbers and i not in self.found]
        for index in new:
            self.found[index], self.codes[index] = {}, []
        return new

    def _take_texts(self, index: int, cells: tuple[str, ...]) -> None:
        known = self.found[index]
        each = (known.setdefault(cell, len(known)) for cell in cells)
        self.codes[index].append(np.fromiter(each, np.int32, len(cells)))

    def _text_column(self, index: int) -> Column:
        raw, codes = list(self.found[index]), np.concatenate(self.codes[index])
        stripped = [cell.strip() for cell in raw]
        values = sorted({cell for cell in stripped if cell.lower() not in MISSING})
        place = {value: number for number, value in enumerate(values)}
        codes = np.array([place.get(cell, -1) for cell in stripped], np.int32)[codes]
        return Column(self.names[index], None, codes, tuple(values), self._stray_cell(values, codes))

    def _stray_cell(self, values: list[str], codes: np.ndarray) -> str:
        """Return the text that keeps a column from being numeric, where nearly all cells are numbers."""
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        strays = [i for i, value in enumerate(values) if _number(value, self.comma) is None]
        is_nearly = strays and counts[strays].sum() < (1 - NEARLY_ALL) * counts.sum()
        return values[strays[0]] if is_nearly else ""


def _number(cell: str, comma: bool) -> float | None:
    """Return the number in a cell, NaN for an empty one, None for text."""
    cell = cell.strip()
    if comma:
        cell = cell.replace(",", ".", 1) if "." not in cell else "text"
    if NUMBER.fullmatch(cell):
        return float(cell)
    return float("nan") if cell.lower() in MISSING else None
