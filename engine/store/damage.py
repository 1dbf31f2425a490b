"""Checks the row of a run as it stands in the store: what cannot be so is named, and something stands in."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from engine.config import RunConfig
from engine.config.errors import shown
from engine.config.settings import SETTINGS

DAMAGED = "damaged"
STORED_STATUSES = ("queued", "running", "finished", "stopped", "diverged", "failed", "imported")
SCORES = ("accuracy", "r2")
# Seconds since 1970: the beginning of the year 9999. Moments behind it are none in some time zone.
LATEST_MOMENT = 253_370_764_800
LARGEST_COUNT = 2**53

Check = Callable[[Any], bool]
# What a setting that is missing in older rows stands for, as JSON has it.
JSON_DEFAULTS: dict[str, Any] = json.loads(RunConfig().to_json())
STAND_IN = json.dumps(JSON_DEFAULTS)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    return _is_number(value) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and 0 <= value <= LARGEST_COUNT


def _is_amount(value: Any) -> bool:
    return _is_finite(value) and 0 <= value <= LARGEST_COUNT


def _is_moment(value: Any) -> bool:
    return _is_finite(value) and 0 <= value <= LATEST_MOMENT


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(entry) for entry in value)


def _either(*checks: Check) -> Check:
    return lambda value: any(check(value) for check in checks)


# By column what it must be, whether that holds, and what stands in where it does not.
TEXT = ("text", _is_text, "")
SWITCH = ("true or false", lambda value: isinstance(value, bool), False)
COUNT = ("a whole number from 0 to 2^53", _is_count, 0)
AMOUNT = ("a number from 0 to 2^53", _is_amount, 0.0)
RESULT = ("a number or blank", _or_none(_is_number), None)
NUMBER_OR_BLANK = ("a whole number from 0 to 2^53, or blank", _or_none(_is_count), None)
COLUMNS: dict[str, tuple[str, Check, Any]] = {
    **dict.fromkeys(("name", "request", "message", "dataset_id", "fingerprint", "tags", "note"), TEXT),
    "status": (f"one of {', '.join(STORED_STATUSES)}", STORED_STATUSES.__contains__, DAMAGED),
    **dict.fromkeys(("paused", "archived"), SWITCH),
    "speed": ("a number > 0 or blank", _or_none(lambda value: _is_finite(value) and value > 0), None),
    "created_at": ("seconds since 1970, before the year 9999", _is_moment, math.nan),
    **dict.fromkeys(("step", "total_steps", "parameters", "config_version"), COUNT),
    **dict.fromkeys(("epoch", "seconds"), AMOUNT),
    "score_name": ("accuracy or r2", SCORES.__contains__, SCORES[0]),
    **dict.fromkeys(("train_loss", "val_loss", "test_loss", "best_val_loss"), RESULT),
    **dict.fromkeys(("train_score", "val_score", "test_score"), RESULT),
    **dict.fromkeys(("best_step", "parent_run", "branch_step", "group_id"), NUMBER_OR_BLANK),
}
# By kind of setting: what JSON may hold for it. Whether its value is in range says its parsing alone.
NUMBERS, NAMES = _each(_is_finite), _each(_is_text)
SETTING_KINDS: dict[str, Check] = {
    "integer": _is_whole,
    "number": _is_finite,
    "switch": lambda value: isinstance(value, bool),
    "choice": _is_text,
    "text": _either(_is_text, NAMES),
    "list": _either(NUMBERS, NAMES, _is_text),
    "choice or list": _either(_is_text, NAMES),
    "number or list": _either(_is_finite, NUMBERS),
    "list or word": _either(_is_text, NUMBERS),
    "integer or full": _either(_is_whole, _is_text),
}


def mended(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a run so that everybody can use them.

    Where one of them cannot be so, the status is ``damaged``, the message names the first such column, and
    the column has a value that says nothing. Settings that cannot be read count as unknown.

    Parameters
    ----------
    values : mapping
        The columns of :class:`engine.store.row.RunRow` as they were read.
    """
    found, wrong = dict(values), []
    for name, (required, check, stand_in) in COLUMNS.items():
        value = found[name]
        if not check(value):
            wrong.append(f"{name} must be {required}, got {shown(value)}")
            found[name] = stand_in
    if sentence := damage_of_settings(found["config_json"]):
        wrong.append(sentence)
        found |= {"config_json": STAND_IN, "config_version": 0}
    if wrong:
        found |= {"status": DAMAGED, "message": f"its row in the store is damaged: {wrong[0]}"}
    return found


def damage_of_settings(text: Any) -> str:
    """Return a sentence when settings are no JSON object or one has a value of another kind, else nothing."""
    try:
        settings = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return f"config must be JSON, got {shown(text)}"
    if not isinstance(settings, dict):
        return f"config must be an object of settings, got {shown(settings)}"
    for name, value in settings.items():
        # Most are at their defaults: what is equal to one is of its kind.
        if name not in SETTINGS or value == JSON_DEFAULTS[name]:
            continue
        if not SETTING_KINDS[SETTINGS[name].kind](value):
            return f"{name} in config must be a {SETTINGS[name].kind}, got {shown(value)}"
    return ""
