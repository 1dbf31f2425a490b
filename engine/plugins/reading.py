"""What a class or function of a plugin says of itself, with what stands in for the rest; knows no kind."""

import re
from typing import Any


def name_of(thing: Any, given: str | None) -> str:
    """Return the name given, else its attribute ``name``, else its own: ``MyLion`` is called my_lion.

    What a base class is called is no name of its own.
    """
    named = given or getattr(thing, "__dict__", {}).get("name")
    if isinstance(named, str):
        return named
    own = getattr(thing, "__name__", type(thing).__name__)
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", own).lower()


def meaning_of(thing: Any, given: str | None) -> str:
    """Return the sentence given, else the attribute ``meaning``, else the docstring's first line."""
    said = given or getattr(thing, "__dict__", {}).get("meaning")
    if isinstance(said, str):
        return said
    written = (thing.__doc__ or "").strip()
    is_generated = written.startswith(f"{getattr(thing, '__name__', '')}(")
    return "Of your own." if not written or is_generated else written.splitlines()[0]


def fill_in(kind: type, **defaults: Any) -> None:
    """Give a class those attributes that it lacks."""
    for name, value in defaults.items():
        if not hasattr(kind, name):
            setattr(kind, name, value)


def plain(value: float) -> str:
    """Return a number as a sentence shows it: seven digits."""
    return f"{value:.7g}"
