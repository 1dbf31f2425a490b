"""One option of the command line for each setting."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from engine.config.run_config import SHORTHANDS
from engine.config.settings import SETTINGS, Setting
from engine.config.text import value_from_text

_describing: list[Callable[[], None]] = []


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each setting; it gets those that were named as ``settings``."""
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]

    def wrapped(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in (*SETTINGS, *SHORTHANDS)}
        settings = {name: value_from_text(name, text) for name, text in given.items() if text is not None}
        command(settings=settings, **arguments)

    def describe() -> None:
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + _options()
        # inspect reads it where there is one; by its annotation a function has none.
        wrapped.__signature__ = inspect.Signature(parameters)  # pyrefly: ignore[missing-attribute]
        wrapped.__annotations__ = {p.name: p.annotation for p in parameters}

    describe()
    _describing.append(describe)
    wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
    return wrapped


def describe_again() -> None:
    """Let the help of every command name the choices that there are now: a plugin may have added some."""
    for describe in _describing:
        describe()


def _options() -> list[inspect.Parameter]:
    short = (("depth", "number of hidden layers"), ("width", "units of each hidden layer"))
    options = [_option(name, _help(setting), setting.section) for name, setting in SETTINGS.items()]
    return [*options, *(_option(name, text, "network") for name, text in short)]


def _option(name: str, text: str, section: str) -> inspect.Parameter:
    option = typer.Option(f"--{name.replace('_', '-')}", help=text, rich_help_panel=section)
    annotation = Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _help(setting: Setting) -> str:
    facts = [", ".join(setting.choices) or setting.range_text, setting.unit]
    shown = "; ".join(fact for fact in facts if fact)
    return f"{setting.description} [{shown}]" if shown else setting.description
