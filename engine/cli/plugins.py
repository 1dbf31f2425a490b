"""Plugins on the command line: which files are named, what is loaded."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli.options import BadInput
from engine.plugins.loading import load_file, plugin_folder, refresh_plugins
from engine.plugins.registry import SOURCES, PluginError

OPTION = "--plugin"


def take_plugins(arguments: Sequence[str]) -> list[str]:
    """Load the files of the folder and those that ``--plugin`` names; return the arguments without them.

    What is wrong with a file of the folder is printed on stderr; the others are loaded.

    Raises
    ------
    BadInput
        When a file that is named cannot be used.
    """
    rest, named = _taken(arguments)
    for sentence in refresh_plugins():
        print(f"plugin not loaded: {sentence}", file=sys.stderr)
    for path in named:
        try:
            load_file(Path(path))
        except PluginError as error:
            raise BadInput(f"plugin {error}") from None
    return rest


def _taken(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    rest: list[str] = []
    named: list[str] = []
    waiting = iter(arguments)
    for each in waiting:
        if each == "--":
            rest += [each, *waiting]
        elif each == OPTION:
            named.append(next(waiting, ""))
        elif each.startswith(f"{OPTION}="):
            named.append(each.partition("=")[2])
        else:
            rest.append(each)
    if "" in named:
        raise BadInput(f"{OPTION} must name a Python file, got nothing")
    return rest, named


def print_plugins(as_json: bool) -> None:
    """Print what plugins have added, what was checked, and which files of the folder were refused."""
    refused = refresh_plugins()
    found = [(source, each) for source in SOURCES.values() for each in source.definitions]
    for source, each in found:
        facts = {"kind": each.kind, "name": each.name, "file": str(source.path), "meaning": each.meaning}
        if as_json:
            print(json.dumps({**facts, "checks": each.checks}))
        else:
            print(f"{each.kind} {each.name} ({source.path})\n  {each.meaning}")
            print("\n".join(f"  checked: {check}" for check in each.checks))
    for sentence in refused:
        print(json.dumps({"refused": sentence}) if as_json else f"refused: {sentence}")
    if not found and not refused and not as_json:
        print(f"no plugins: put files into {plugin_folder()}, or name one with {OPTION} FILE")
