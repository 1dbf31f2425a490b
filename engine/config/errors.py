"""Turns what a validator found into one plain sentence."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

LIMITS = {
    "greater_than": (">", "gt"),
    "greater_than_equal": (">=", "ge"),
    "less_than": ("<", "lt"),
    "less_than_equal": ("<=", "le"),
}
KINDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_unicode": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "literal_error": "",
}
PATTERNS = {
    "string_pattern_mismatch": "an id of 64 digits and letters a to f",
    "string_too_short": "a name that is not empty",
    "string_too_long": "a name of at most {max_length} characters",
}
LENGTHS = ("too_short", "too_long")
SYNONYMS = {"lr": "learning_rate", "lrr": "learning_rate", "init": "initializer", "l2": "weight_decay"}


class ConfigError(ValueError):
    """A setting that cannot be used; its text is one sentence for people."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like ``name``, or None when none is."""
    names = list(known)
    if SYNONYMS.get(name.lower()) in names:
        return SYNONYMS[name.lower()]
    found = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return found[0] if found else None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that nobody knows: the nearest one and the whole list."""
    names = list(known)
    like = nearest(name, names)
    guess = f"did you mean {like!r}? " if like else ""
    return f"unknown {kind} {shown(name)}: {guess}known are {', '.join(names)}"


def explain(error: ValidationError) -> str:
    """Return one sentence for the first thing that is wrong."""
    details = error.errors(include_url=False)
    first = details[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    found = [detail for detail in details if detail["loc"][:1] == first["loc"][:1]]
    # What is wrong with an entry of a list says more than what that makes of the list.
    of_entries = [detail for detail in found if detail["loc"] and isinstance(detail["loc"][-1], int)]
    return _sentence(name, of_entries or found)


def _sentence(name: str, alternatives: list[ErrorDetails]) -> str:
    precise = (*LIMITS, *PATTERNS, *LENGTHS)
    limit = next((detail for detail in alternatives if detail["type"] in precise), None)
    detail = limit or alternatives[0]
    context = detail.get("ctx", {})
    value = shown(detail["input"])
    if not name:
        return str(context.get("error", detail["msg"]))
    if detail["type"] in LIMITS:
        symbol, key = LIMITS[detail["type"]]
        return f"{name} must be {symbol} {context[key]:.10g}, got {value}"
    if detail["type"] == "literal_error" and isinstance(detail["input"], str):
        choices = [choice.strip(" '") for choice in context["expected"].replace(" or ", ", ").split(",")]
        like = nearest(detail["input"], choices)
        guess = f" (did you mean {like!r}?)" if like else ""
        return f"{name} must be one of {', '.join(choices)}, got {value}{guess}"
    if detail["type"] == "unknown_choice":
        like = nearest(detail["input"], context["names"]) if isinstance(detail["input"], str) else None
        guess = f" (did you mean {like!r}?)" if like else ""
        return f"{name} must be one of {', '.join(context['names'])}, got {value}{guess}"
    if detail["type"] == "too_long":
        return f"{name} must have at most {context['max_length']} entries, got {context['actual_length']}"
    if detail["type"] == "too_short":
        return f"{name} must have at least {context['min_length']} entry, got {context['actual_length']}"
    if detail["type"] == "value_error":
        return f"{name} {context['error']}"
    if detail["type"] in PATTERNS:
        return f"{name} must be {PATTERNS[detail['type']].format(**context)}, got {value}"
    kinds = [KINDS[entry["type"]] for entry in alternatives if KINDS.get(entry["type"])]
    words = [
        f"{entry.get('ctx', {})['expected']}" for entry in alternatives if entry["type"] == "literal_error"
    ]
    wanted = " or ".join(dict.fromkeys(kinds + words)) or detail["msg"]
    return f"{name} must be {wanted}, got {value}"


def shown(value: object) -> str:
    """Return a value as people may read it: its literal form, cut at 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
