"""Reads configurations and single settings from text: JSON files, command lines, forms."""

import csv
import io
import json
import shlex
from typing import Any, Literal, get_args, get_origin

from engine.config.errors import ConfigError, shown
from engine.config.run_config import RunConfig, parse_config

WORDS = ("balanced",)
NAMES = ("table", "split_column")
LISTS_OF_NAMES = ("target", "columns")


def config_from_json(text: str) -> RunConfig:
    """Read a configuration from JSON.

    Raises
    ------
    ConfigError
        For text that is no JSON, NaN or Infinity, a key given twice, or a setting that cannot be used.
    """
    return parse_config(config_values(text))


def config_values(text: str) -> dict[str, Any]:
    """Return the settings of a JSON text as they stand, for more to be laid on top.

    Raises
    ------
    ConfigError
        For text that is no JSON object, NaN or Infinity, or a key given twice.
    """
    try:
        values = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ConfigError(f"the configuration must be JSON: line {error.lineno}, {error.msg}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"a configuration must be an object of settings, got {type(values).__name__}")
    return values


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ConfigError(f"each setting must be given once, got {shown(key)} twice")
        values[key] = value
    return values


def _refuse_constant(name: str) -> float:
    raise ConfigError(f"numbers in a configuration must be finite, got {name}")


def value_from_text(name: str, text: str) -> Any:
    """Return the value that a text stands for in the setting ``name``; what is no number stays text.

    ``none`` and an empty text stand for None, ``true`` for a switch that is on, ``64,32`` and ``[64, 32]``
    for a list. Names of columns that may be several are read as one line of CSV, other names are taken as
    they stand.
    """
    stripped = text.strip()
    if name in NAMES:
        return text or None
    if name in LISTS_OF_NAMES:
        return next(csv.reader([text], skipinitialspace=True), []) if stripped else None
    if name in RunConfig.model_fields and _is_choice(RunConfig.model_fields[name].annotation):
        return stripped
    if name == "hidden_sizes":
        return _listed(stripped)
    if stripped.lower() in ("", "none"):
        return None
    if name in RunConfig.model_fields:
        annotation = RunConfig.model_fields[name].annotation
        if annotation is bool:
            return {"true": True, "false": False}.get(stripped.lower(), stripped)
        if "tuple" in str(annotation) and stripped not in WORDS:
            return _listed(stripped)
    return _number(stripped)


def _listed(text: str) -> list[int | float | str]:
    return [_number(part) for part in text.strip("[]() ").split(",") if part.strip()]


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal and all(isinstance(value, str) for value in get_args(annotation))


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def command_line(config: RunConfig, name: str = "") -> str:
    """Return the command that trains such a run again: what is not default, quoted for a shell."""
    settings = {"name": name} if name else {}
    for field, declared in RunConfig.model_fields.items():
        value = getattr(config, field)
        if value != declared.default:
            is_one = field in LISTS_OF_NAMES and isinstance(value, str)
            settings[field] = _as_option([value] if is_one else value)
    words = ["python", "-m", "engine", "train"]
    for field, text in settings.items():
        option = f"--{field.replace('_', '-')}"
        words += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return shlex.join(words)


def _as_option(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value)
        return line.getvalue()
    return "none" if value is None else str(value)
