"""Grids: many configurations from a base and lists of values, read from YAML or JSON."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.errors import ConfigError, nearest, shown, unknown_name
from engine.config.run_config import RunConfig, parse_config
from engine.config.seeds import check_seeds, seeded
from engine.config.settings import SETTINGS
from engine.config.text import config_values
from engine.config.yaml_text import read_yaml

RUNS_AT_MOST = 10_000
KEYS = ("base", "grid", "runs", "seeds", "name", "tags")
PLACE = re.compile(r"\{([^{}]*)\}")
CHARACTERS_AT_MOST = 1_000_000


@dataclass(frozen=True)
class Entry:
    """One configuration of a grid, with its seeds.

    Attributes
    ----------
    place : str
        Where it stands, for people: ``grid entry 3 (learning_rate = 0.1)``.
    configs : tuple of RunConfig
        One for each seed.
    names : tuple of str
        The name of the run of each seed.
    tags : str
        Separated by commas.
    """

    place: str
    configs: tuple[RunConfig, ...]
    names: tuple[str, ...]
    tags: str


def entries_of_grid(values: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> list[Entry]:
    """Return all configurations that a grid describes, each valid.

    Parameters
    ----------
    values : mapping
        ``base``: settings of all; ``grid``: a list of values for each of some settings, whose product is
        taken; ``runs``: a list of settings, each on top of the base; ``seeds``: how many runs each
        configuration has; ``name`` and ``tags``: texts in which ``{learning_rate}`` stands for the setting.
    base : mapping, optional
        Settings below ``base``.

    Raises
    ------
    ConfigError
        One sentence that names the first entry that cannot be used.
    """
    for key in values:
        if key not in KEYS:
            raise ConfigError(unknown_name("key of a grid", key, KEYS))
    common = {**(base or {}), **_mapping("base", values.get("base"))}
    count = _seeds(values.get("seeds", 1))
    grid, listed = _mapping("grid", values.get("grid")), _runs(values.get("runs"))
    for name, choices in grid.items():
        _check_choices(name, choices)
    _refuse_seeds_given_twice(count, [grid, *listed])
    product = math.prod(len(choices) for choices in grid.values()) if grid or not listed else 0
    total = (product + len(listed)) * count
    if total > RUNS_AT_MOST:
        raise ConfigError(f"a grid must have at most {RUNS_AT_MOST:,} runs, got {total:,}")
    name, tags = _template("name", values.get("name")), _tags(values.get("tags"))
    found, seen = [], {}
    for place, own in itertools.chain(_of_grid(grid) if product else (), _of_runs(listed)):
        try:
            configs = seeded(parse_config({**common, **own}), count)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error}") from None
        first = seen.setdefault(configs[0], place)
        if first != place:
            raise ConfigError(f"{place} must differ from the others, got the configuration of {first}")
        names = [_filled(name, each) if name else _format_values(own) for each in configs]
        found.append(Entry(place, tuple(configs), tuple(names), _filled(tags, configs[0])))
    return found


def _of_grid(grid: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, choice in enumerate(itertools.product(*grid.values()), start=1):
        own = dict(zip(grid, choice, strict=True))
        values = f" ({_format_values(own)})" if own else ""
        yield (f"grid entry {number}{values}" if grid else "base"), own


def _of_runs(listed: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, own in enumerate(listed, start=1):
        values = f" ({_format_values(own)})" if own else ""
        yield f"runs entry {number}{values}", dict(own)


def _format_values(own: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_word(value)}" for name, value in own.items())[:200]


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "-".join(_word(entry) for entry in value)
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _mapping(key: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{key} must be an object of settings, got {shown(value)}")
    return value


def _runs(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not value:
        raise ConfigError(f"runs must be a list of settings that is not empty, got {shown(value)}")
    return [_mapping(f"runs entry {number}", each) for number, each in enumerate(value, start=1)]


def _check_choices(name: str, choices: Any) -> None:
    if not isinstance(choices, list) or not choices:
        raise ConfigError(f"grid {name} must be a list of values that is not empty, got {shown(choices)}")


def _refuse_seeds_given_twice(count: int, places: Sequence[Mapping[str, Any]]) -> None:
    if count > 1 and any("seed" in place for place in places):
        raise ConfigError(f"seeds must be 1 where seed is listed, got {count}")


def _seeds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"seeds must be a whole number, got {shown(value)}")
    check_seeds(value)
    return value


def _template(key: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{key} must be text, got {shown(value)}")
    for place in PLACE.findall(value):
        if place not in SETTINGS:
            like = nearest(place, SETTINGS)
            guess = f" (did you mean {{{like}}}?)" if like else ""
            raise ConfigError(f"{key} must name settings in braces, got {shown(f'{{{place}}}')}{guess}")
    return value


def _tags(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_template("tags", each) for each in value)
    return _template("tags", value)


def _filled(template: str, config: RunConfig) -> str:
    return PLACE.sub(lambda found: _word(getattr(config, found[1])), template)


def values_of_grid(text: str, *, is_json: bool) -> dict[str, Any]:
    """Return what a grid says, as dicts, lists, texts, numbers, switches and None.

    YAML is taken without what a list of settings does not need: aliases, tags, several documents.

    Raises
    ------
    ConfigError
        For text that is too long or cannot be read, or a key given twice; with its line where that is known.
    """
    if len(text) > CHARACTERS_AT_MOST:
        raise ConfigError(f"a grid must have at most {CHARACTERS_AT_MOST:,} characters, got {len(text):,}")
    try:
        values = config_values(text) if is_json else read_yaml(text, "a grid").values
    except RecursionError:
        raise ConfigError("a grid must be readable: its lists are nested too deeply") from None
    if not isinstance(values, dict):
        raise ConfigError(f"a grid must be an object of base, grid, runs, ..., got {type(values).__name__}")
    return values
