"""What tells runs apart: their settings as they were used, and which of them somebody chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.resolve import DataFacts
from engine.config.twins import Differing, decided_settings, differing
from engine.store.groups import facts_of, known_settings
from engine.store.row import RunRow
from engine.store.store import Store


@dataclass(frozen=True)
class Apart:
    """The settings of several runs beside each other.

    Attributes
    ----------
    settings : dict
        By run its settings as they were used, by name; of a run whose plugin is missing as they were given.
        Runs whose settings are unknown are left out.
    differing : Differing
    """

    settings: dict[int, dict[str, Any]]
    differing: Differing


def runs_apart(store: Store, rows: Sequence[RunRow]) -> Apart:
    """Return what the runs were set to, and which settings differ by choice."""
    known = [row for row in rows if row.has_settings]
    used = [known_settings(store, row) for row in known]
    facts: list[DataFacts | None] = [
        None if each is None else facts_of(store, row) for row, each in zip(known, used, strict=True)
    ]
    settings = {
        row.id: _as_given(row.config) if each is None else decided_settings(each)
        for row, each in zip(known, used, strict=True)
    }
    return Apart(settings, differing(list(settings.values()), facts) if known else Differing((), ()))


def _as_given(config: dict[str, Any]) -> dict[str, Any]:
    """Return settings that were read from JSON with lists as resolved configurations have them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
