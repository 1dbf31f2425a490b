"""What runs are sorted and filtered by: the columns that ``list --json`` prints, and every setting."""

import difflib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.config.errors import nearest, shown
from engine.config.run_config import default_beside
from engine.config.settings import SETTINGS
from engine.store.row import RunRow
from engine.store.runs import tags_of

SUGGESTED_AT_MOST = 3


class UnknownColumn(ValueError):
    """Runs have no such column or setting; its text is one sentence for people."""


# What people write for a longer name.
SHORT = {"lr": "learning_rate", "score": "val_score", "layers": "hidden_sizes"}


@dataclass(frozen=True)
class Column:
    """One thing that a run has or is, by name.

    Attributes
    ----------
    kind : str
        ``text``, ``moment`` (local time as ``2026-11-27 14:05``), or a kind of
        :class:`~engine.config.settings.Setting`.
    value : callable
        Returns it for a run: what runs are sorted by; None where it is not known, not measured or off.
    values : callable
        Returns all that it counts as when runs are filtered, such as every tag; empty where nothing is known.
    descends : bool
        Whether the best or newest comes first when it is sorted from high to low.
    """

    name: str
    kind: str
    value: Callable[[RunRow], Any]
    values: Callable[[RunRow], Sequence[Any]]
    descends: bool = False


def known_column(name: str) -> Column:
    """Return a column of runs, or a setting, by its name.

    Raises
    ------
    UnknownColumn
        When there is none; the sentence gives the nearest names, or all where none is near.
    """
    name = SHORT.get(name, name)
    if name in RUN_COLUMNS:
        return RUN_COLUMNS[name]
    if name in SETTINGS:
        return _setting(name)
    known = known_names()
    first = nearest(name, known)
    like = dict.fromkeys(([first] if first else []) + difflib.get_close_matches(name.lower(), known))
    guess = f"did you mean {' or '.join(list(like)[:SUGGESTED_AT_MOST])}?"
    listed = f"known are every setting, and {', '.join(RUN_COLUMNS)}"
    raise UnknownColumn(f"unknown name {shown(name)}: {guess if like else listed}")


def known_names() -> list[str]:
    """Return the names of all columns and settings, columns first."""
    return [*RUN_COLUMNS, *(name for name in SETTINGS if name not in RUN_COLUMNS)]


def in_order(rows: Iterable[RunRow], name: str, descending: bool | None = None) -> list[RunRow]:
    """Return runs sorted by a column; those without a value come last, equal ones newest first.

    Parameters
    ----------
    descending : bool, optional
        From high to low; without it the best comes first, of what is neither good nor bad the lowest.

    Raises
    ------
    UnknownColumn
        When there is no such column.
    """
    column = known_column(name)
    newest = sorted(rows, key=lambda row: -row.id)
    descending = column.descends if descending is None else descending
    return by_key(newest, [sort_key(column.value(row)) for row in newest], descending)


def by_key(things: Sequence[Any], keys: Sequence[Any], descending: bool) -> list[Any]:
    """Return things sorted by their keys; those whose key is None come last, equal ones as they came."""
    known = [place for place, key in enumerate(keys) if key is not None]
    unknown = [place for place, key in enumerate(keys) if key is None]
    known.sort(key=lambda place: keys[place], reverse=descending)
    return [things[place] for place in (*known, *unknown)]


def sort_key(value: Any) -> tuple[int, Any] | None:
    """Return what orders values of any kinds, numbers before words before lists; None for nothing or NaN."""
    if value is None or value != value:
        return None
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, list | tuple) and not any(isinstance(entry, str) for entry in value):
        return 2, tuple(value)
    return 1, written(value).casefold()


def written(value: Any) -> str:
    """Return a value as people write it on the command line: ``16,16``, ``true``, ``none``."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(written, value)) if isinstance(value, list | tuple) else str(value)


def moment(timestamp: float) -> str | None:
    """Return a moment as local time to the minute, ``2026-11-27 14:05``; None for an impossible one."""
    try:
        local = datetime.fromtimestamp(timestamp, tz=UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return None
    return local.strftime("%Y-%m-%d %H:%M")


def _column(
    name: str, kind: str, value: Callable[[RunRow], Any], descends: bool = False
) -> tuple[str, Column]:
    return name, Column(name, kind, value, lambda row: (value(row),), descends)


def _field(name: str, field: str = "", kind: str = "number", descends: bool = False) -> tuple[str, Column]:
    def value(row: RunRow) -> Any:
        found = getattr(row, field or name)
        return None if isinstance(found, float) and math.isnan(found) else found

    return _column(name, kind, value, descends)


def _score(split: str, score: str) -> tuple[str, Column]:
    """Return a split's accuracy or R², which only runs of that task have."""
    return _column(
        f"{split}_{score}",
        "number",
        lambda row: getattr(row, f"{split}_score") if row.score_name == score else None,
        descends=True,
    )


def _setting(name: str) -> Column:
    setting = SETTINGS[name]

    def stored(row: RunRow) -> Any:
        return row.config.get(name, setting.default)

    def value(row: RunRow) -> Any:
        if not row.has_settings:
            return None
        found = stored(row)
        return default_beside(name, {**DEFAULTS, **row.config}) if found is None else found

    def values(row: RunRow) -> Sequence[Any]:
        if not row.has_settings:
            return ()
        return (value(row),) if stored(row) is not None else (None, value(row))

    return Column(name, setting.kind, value, values)


# Runs of older versions lack settings that came later.
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}
SPLIT_NAMES = ("train", "val", "test")
RUN_COLUMNS: dict[str, Column] = dict(
    [
        _field("run", "id", "integer", descends=True),
        _field("name", kind="text"),
        ("status", Column("status", "text", lambda row: row.state, lambda row: (row.status, row.state))),
        ("tag", Column("tag", "text", lambda row: row.tags or None, lambda row: tags_of(row.tags) or [None])),
        _field("note", kind="text"),
        _field("message", kind="text"),
        *(_field(f"{split}_loss") for split in SPLIT_NAMES),
        _field("best_val_loss"),
        _field("best_step", kind="integer", descends=True),
        *(_field(f"{split}_score", descends=True) for split in SPLIT_NAMES),
        *(_score(split, score) for score in ("accuracy", "r2") for split in SPLIT_NAMES),
        _field("step", kind="integer", descends=True),
        _field("steps", "step", "integer", descends=True),
        _field("total_steps", kind="integer", descends=True),
        _field("epoch", descends=True),
        _column("done", "number", lambda row: row.done, descends=True),
        _field("seconds"),
        _field("parameters", kind="integer"),
        _field("group", "group_id", "integer", descends=True),
        _field("parent", "parent_run", "integer", descends=True),
        _column("started", "moment", lambda row: moment(row.created_at), descends=True),
        _field("paused", kind="switch"),
        _field("archived", kind="switch"),
    ]
)
