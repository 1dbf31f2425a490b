"""Reads YAML strictly: plain values alone, each key once, and the line of each."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.config.errors import ConfigError, shown

if TYPE_CHECKING:
    from yaml import Node

# The words and numbers of YAML 1.2, as JSON has them: in the older YAML "off" would be false, 1e-3 a text.
NUMBER = r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"
PLAIN = {
    "null": (re.compile(r"^(?:null|Null|NULL|~|)$"), ["", *"nN~"], lambda _: None),
    "bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"], lambda word: word[0] in "tT"),
    "int": (re.compile(r"^[-+]?[0-9]+$"), [*"-+0123456789"], int),
    "float": (re.compile(NUMBER), [*"-+.0123456789"], float),
    "str": (re.compile(""), [], str),
}
TAG = "tag:yaml.org,2002:"
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlText:
    """What a text in YAML says.

    Attributes
    ----------
    values : object
        Dicts, lists, texts, numbers, switches and None; None for a text without content.
    lines : dict
        The line, from 1, in which each value begins, that of an entry of a dict by its key; by the keys and
        numbers (from 0) that lead to it, such as ``("choices", 1, "holds")``.
    """

    values: Any
    lines: dict[Place, int]


class YamlError(ConfigError):
    """A text that is no plain YAML; ``line`` counts from 1, None where it is not known."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


def read_yaml(text: str, what: str, before: int = 0) -> YamlText:
    """Read YAML without what a list of settings does not need: aliases, tags, several documents.

    Parameters
    ----------
    text : str
    what : str
        What it is, for the sentences: ``a grid``.
    before : int
        How many lines of its file stand before it; all lines count from the beginning of the file.

    Raises
    ------
    YamlError
        For what cannot be read, and a key given twice; with its line where that is known.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as its parent declares it

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                line = self.peek_event().start_mark.line + 1 + before
                raise YamlError(f"{what} must spell everything out: line {line} is an alias", line)
            return super().compose_node(parent, index)

    for name, (pattern, first, _) in PLAIN.items():
        if first:
            Loader.add_implicit_resolver(TAG + name, pattern, first)
    try:
        node = yaml.compose(text, Loader)
    except RecursionError:
        raise YamlError(f"{what} must be readable: its lists are nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 + before if mark else None
        where = f"line {line}, " if line else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise YamlError(f"{what} must be YAML: {where}{problem}", line) from None
    reader = _Reader(what, before)
    return YamlText(None if node is None else reader.value(node, ()), reader.lines)


class _Reader:
    """Turns nodes into values, and notes their lines."""

    def __init__(self, what: str, before: int) -> None:
        self.what, self.before = what, before
        self.lines: dict[Place, int] = {}

    def value(self, node: "Node", place: Place) -> Any:
        import yaml

        self.lines.setdefault(place, self._line(node))
        kind = node.tag.removeprefix(TAG)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self.value(each, (*place, number)) for number, each in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and kind in PLAIN:
            return self._scalar(kind, node)
        line = self._line(node)
        raise YamlError(f"{self.what} must be plain YAML: line {line} has the tag {shown(node.tag)}", line)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            name, line = _Reader(self.what, self.before).value(key, ()), self._line(key)
            if not isinstance(name, str):
                raise YamlError(f"{self.what} must have names as keys: line {line} has {shown(name)}", line)
            if name in values:
                raise YamlError(f"each key must be given once, got {shown(name)} again in line {line}", line)
            self.lines[*place, name] = line
            values[name] = self.value(value, (*place, name))
        return values

    def _scalar(self, kind: str, node: Any) -> Any:
        pattern, _, read = PLAIN[kind]
        text = node.value
        try:
            if pattern.match(text):  # it does not where somebody wrote a tag before a text
                return read(text)
        except ValueError:  # more digits than Python takes
            pass
        line = self._line(node)
        raise YamlError(f"{self.what} must be YAML: line {line} has {shown(text)} as {kind}", line)

    def _line(self, node: Any) -> int:
        return node.start_mark.line + 1 + self.before
