"""Reads our own long CSV, strictly: bytes in, curves out."""

import csv
import io
import re
from collections.abc import Sequence

import numpy as np

from engine.config.errors import unknown_name
from engine.exchange.export.text import metrics_header
from engine.exchange.imports.curves import Curves
from engine.exchange.imports.errors import BadFile, shown
from engine.training.telemetry import SCALARS

ROWS_AT_MOST, RUNS_AT_MOST = 1_000_000, 1000
LONGEST_CELL = 10_000
NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}
WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
ALWAYS = ("run", "name", "step", "epoch", "seconds")


def read_csv(content: bytes) -> list[Curves]:
    """Return the runs of a CSV as ``export --format csv`` writes it.

    The columns may stand in any order, and those of metrics may be missing; a blank cell was not measured.

    Raises
    ------
    BadFile
        One sentence that names the line and what was required.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        header = next(reader)
        places = _places(header)
        runs: dict[str, tuple[str, list[list[str]], list[int]]] = {}
        for count, row in enumerate(reader, start=1):
            if len(row) != len(header):
                raise BadFile(f"line {reader.line_num} must have {len(header)} cells, got {len(row)}")
            if max(map(len, row)) > LONGEST_CELL:
                raise BadFile(
                    f"cells must have at most {LONGEST_CELL:,} characters, got more in line {reader.line_num}"
                )
            if count > ROWS_AT_MOST:
                raise BadFile(f"the file must have at most {ROWS_AT_MOST:,} rows, got more")
            number = row[places["run"]]
            if number not in runs:
                if not WHOLE_NUMBER.fullmatch(number):
                    raise BadFile(
                        f"run must be a whole number, got {shown(number)} in line {reader.line_num}"
                    )
                if len(runs) == RUNS_AT_MOST:
                    raise BadFile(f"the file must have at most {RUNS_AT_MOST:,} runs, got more")
                runs[number] = (row[places["name"]], [], [])
            runs[number][1].append(row)
            runs[number][2].append(reader.line_num)
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num} is no CSV: {error}") from None
    return [_curves(number, *found, places) for number, found in runs.items()]


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile("the file must be UTF-8, got UTF-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"the file must be UTF-8, got byte 0x{content[error.start]:02x} at {error.start}"
        ) from None
    if "\0" in text:
        raise BadFile("the file must be text, got a NUL byte")
    return text


def _places(header: Sequence[str]) -> dict[str, int]:
    known = metrics_header()
    for name in header:
        if name not in known:
            raise BadFile(unknown_name("column", name, known))
        if header.count(name) > 1:
            raise BadFile(f"each column must be given once, got {name} twice")
    missing = [name for name in ALWAYS if name not in header]
    if missing:
        raise BadFile(f"the first line must name the columns {', '.join(ALWAYS)}; {missing[0]} is missing")
    return {name: place for place, name in enumerate(header)}


def _curves(
    number: str, name: str, rows: list[list[str]], lines: list[int], places: dict[str, int]
) -> Curves:
    names = tuple(column for column in places if column not in ("run", "name"))
    cells = [[row[places[column]] for row in rows] for column in names]
    scalars = np.array([_numbers(each, column, lines) for each, column in zip(cells, names, strict=True)]).T
    measured = np.array([[cell != "" for cell in each] for each in cells]).T
    return Curves(number, name, SCALARS.arrange(scalars, names), SCALARS.arrange(measured, names))


def _numbers(cells: list[str], column: str, lines: list[int]) -> list[float]:
    values = []
    for cell, line in zip(cells, lines, strict=True):
        if cell == "":
            values.append(np.nan)
        elif cell in NOT_FINITE:
            values.append(NOT_FINITE[cell])
        elif NUMBER.fullmatch(cell) and np.isfinite(value := float(cell)):
            values.append(value)
        else:
            raise BadFile(f"{column} must be a number or blank, got {shown(cell)} in line {line}")
    return values
