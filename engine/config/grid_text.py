"""Reads the text of a grid, YAML or JSON, strictly, as plain values; must not know what they mean."""

import re
from typing import TYPE_CHECKING, Any

from engine.config.errors import ConfigError, shown
from engine.config.text import config_values

if TYPE_CHECKING:
    from yaml import Node

CHARACTERS_AT_MOST = 1_000_000
# The words and numbers of YAML 1.2, whose kin is JSON: in the older YAML "off" would be false, 1e-3 a text.
NUMBER = r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"
PLAIN = {
    "null": (re.compile(r"^(?:null|Null|NULL|~|)$"), ["", *"nN~"], lambda _: None),
    "bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"], lambda word: word[0] in "tT"),
    "int": (re.compile(r"^[-+]?[0-9]+$"), [*"-+0123456789"], int),
    "float": (re.compile(NUMBER), [*"-+.0123456789"], float),
    "str": (re.compile(""), [], str),
}
TAG = "tag:yaml.org,2002:"


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
        values = config_values(text) if is_json else _from_yaml(text)
    except RecursionError:
        raise ConfigError("a grid must be readable: its lists are nested too deeply") from None
    if not isinstance(values, dict):
        raise ConfigError(f"a grid must be an object of base, grid, runs, ..., got {type(values).__name__}")
    return values


def _from_yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as its parent declares it

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                line = self.peek_event().start_mark.line + 1
                raise ConfigError(f"a grid must spell everything out: line {line} is an alias")
            return super().compose_node(parent, index)

    for name, (pattern, first, _) in PLAIN.items():
        if first:
            Loader.add_implicit_resolver(TAG + name, pattern, first)
    try:
        node = yaml.compose(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, " if mark else ""
        what = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigError(f"a grid must be YAML: {where}{what}") from None
    return None if node is None else _value(node)


def _value(node: "Node") -> Any:
    import yaml

    kind = node.tag.removeprefix(TAG)
    if isinstance(node, yaml.MappingNode) and kind == "map":
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode) and kind == "seq":
        return [_value(each) for each in node.value]
    if isinstance(node, yaml.ScalarNode) and kind in PLAIN:
        return _scalar(kind, node)
    raise ConfigError(f"a grid must be plain YAML: line {_line(node)} has the tag {shown(node.tag)}")


def _mapping(node: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        name = _value(key)
        if not isinstance(name, str):
            raise ConfigError(f"a grid must have names as keys: line {_line(key)} has {shown(name)}")
        if name in values:
            raise ConfigError(f"each key must be given once, got {shown(name)} again in line {_line(key)}")
        values[name] = _value(value)
    return values


def _scalar(kind: str, node: Any) -> Any:
    pattern, _, read = PLAIN[kind]
    text = node.value
    try:
        if pattern.match(text):  # it does not where somebody wrote a tag before a text
            return read(text)
    except ValueError:  # more digits than Python takes
        pass
    raise ConfigError(f"a grid must be YAML: line {_line(node)} has {shown(text)} as {kind}")


def _line(node: Any) -> int:
    return node.start_mark.line + 1
