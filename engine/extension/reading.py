"""What a class or function of a plugin says of itself, with what stands in for the rest; knows no kind."""

import re
from typing import Any


def name_of(thing: Any, given: str | None) -> str:
    """Return the name given, else its attribute ``name``, else its own: ``MyLion`` is called my_lion.

    What a base class is called is no name of its own.
    """
    named = given or vars(thing).get("name")
    if isinstance(named, str):
        return named
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", thing.__name__).lower()


def meaning_of(thing: Any, given: str | None) -> str:
    """Return the sentence given, else the attribute ``meaning``, else the docstring's first line."""
    said = given or vars(thing).get("meaning")
    if isinstance(said, str):
        return said
    is_written = (thing.__doc__ or "").strip() and not (thing.__doc__ or "").startswith(f"{thing.__name__}(")
    return thing.__doc__.strip().splitlines()[0] if is_written else "Of your own."


def fill_in(kind: type, **defaults: Any) -> None:
    """Give a class those attributes that it lacks."""
    for name, value in defaults.items():
        if not hasattr(kind, name):
            setattr(kind, name, value)


def plain(value: float) -> str:
    """Return a number as a sentence shows it: seven digits."""
    return f"{value:.7g}"
