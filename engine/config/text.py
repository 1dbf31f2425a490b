"""Reads configurations and single settings from text: JSON files, command lines, forms."""

import csv
import io
import json
import math
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from engine.config.choices import OPEN_CHOICES, chosen_names
from engine.config.errors import ConfigError, shown
from engine.config.run_config import RunConfig, parse_config
from engine.config.settings import SETTINGS

WORDS = ("balanced",)
NAMES = ("table", "split_column")
LISTS_OF_NAMES = ("target", "columns")


def config_from_json(text: str) -> RunConfig:
    """Read a configuration from JSON.

    Raises
    ------
    ConfigError
        For text that is no JSON, NaN or Infinity, a key given twice, a setting that cannot be used, or the
        name of something that a plugin defines and that is not there.
    """
    values = config_values(text)
    if sentence := missing_plugin_message(values):
        raise ConfigError(sentence)
    return parse_config(values)


def missing_plugin_message(values: Mapping[str, Any]) -> str:
    """Return a sentence when settings that were once used name what nobody here knows, or nothing."""
    for setting in OPEN_CHOICES:
        for name in chosen_names(values.get(setting)):
            if name not in SETTINGS[setting].names:
                return (
                    f"{setting} {name[:60]} is not known here: put the file that defines it into plugins/ or "
                    "name it with --plugin"
                )
    return ""


def config_values(text: str) -> dict[str, Any]:
    """Return the settings of a JSON text as they stand, for more to be laid on top.

    Raises
    ------
    ConfigError
        For text that is no JSON object or nested too deeply, NaN or Infinity, a number of thousands of
        digits, or a key given twice.
    """
    try:
        values = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ConfigError(f"the configuration must be JSON: line {error.lineno}, {error.msg}") from None
    except ConfigError:
        raise
    except ValueError:
        digits = sys.get_int_max_str_digits()
        raise ConfigError(
            f"numbers in a configuration must have at most {digits:,} digits, got more"
        ) from None
    except RecursionError:
        raise ConfigError("the configuration must be readable: its lists are nested too deeply") from None
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
    for a list, ``relu,tanh`` for a list of names where a setting takes one. Names of columns that may be
    several are read as one line of CSV, other names are taken as they stand.
    """
    stripped = text.strip()
    if name in NAMES:
        return text or None
    if name in LISTS_OF_NAMES:
        return next(csv.reader([text], skipinitialspace=True), []) if stripped else None
    kind = SETTINGS[name].kind if name in SETTINGS else ""
    if kind == "choice" or (kind == "choice or list" and not _is_list(stripped)):
        return stripped
    if kind == "list" and SETTINGS[name].default is not None:
        return _listed(stripped)
    if stripped.lower() in ("", "none"):
        return None
    if kind == "switch":
        return {"true": True, "false": False}.get(stripped.lower(), stripped)
    if "list" in kind and stripped not in WORDS and (kind != "number or list" or _is_list(stripped)):
        return _listed(stripped)
    return _number(stripped)


def _is_list(text: str) -> bool:
    return "," in text or "[" in text


def _listed(text: str) -> list[int | float | str]:
    return [_number(part) for part in text.strip("[]() ").split(",") if part.strip()]


def _number(text: str) -> int | float | str:
    stripped = text.strip()
    for kind in (int, float):
        try:
            value = kind(stripped)
        except ValueError:
            continue
        # More digits than a number can have are no infinity.
        return stripped if value in (math.inf, -math.inf) and stripped.strip("+-").isdigit() else value
    return stripped


def command_line(config: RunConfig, name: str = "") -> str:
    """Return the command that trains such a run again: what is not default, quoted for a shell."""
    settings = ({"name": name} if name else {}) | changed_settings(config)
    words = ["python", "-m", "engine", "train"]
    for field, text in settings.items():
        option = f"--{field.replace('_', '-')}"
        words += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return shlex.join(words)


def changed_settings(config: RunConfig) -> dict[str, str]:
    """Return the settings that are not at their defaults, as texts that :func:`value_from_text` reads."""
    settings = {}
    for field, declared in RunConfig.model_fields.items():
        value = getattr(config, field)
        if value != declared.default:
            is_one = field in LISTS_OF_NAMES and isinstance(value, str)
            settings[field] = _as_option(field, [value] if is_one else value)
    return settings


def _as_option(field: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value)
        is_name = all(isinstance(entry, str) for entry in value) and SETTINGS[field].kind != "choice or list"
        return f"[{line.getvalue()}]" if len(value) == 1 and not is_name else line.getvalue()
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
