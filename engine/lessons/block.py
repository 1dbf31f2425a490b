"""The YAML of one block of a lesson: its values, each read strictly and refused with its line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.config import ConfigError, RunConfig, parse_config
from engine.config.errors import shown, unknown_name
from engine.config.presets import with_preset
from engine.config.yaml_text import Place, YamlError, read_yaml
from engine.lessons.expectations import Expectation, read_expectation
from engine.lessons.lesson import LessonError
from engine.lessons.measures import MEASURES


class Block:
    """The YAML of one block, and where each of its values stands.

    Parameters
    ----------
    text : str
    file : str
        Folder and name of the lesson.
    line : int
        Of the fence that opens it.
    """

    def __init__(self, text: str, file: str, line: int, kind: str) -> None:
        self.file, self.line, self.kind = file, line, kind
        try:
            found = read_yaml(text, f"a {kind} block", line)
        except YamlError as error:
            raise self.error(str(error), error.line) from None
        except RecursionError:
            raise self.error(f"a {kind} block must be readable: its lists are nested too deeply") from None
        self.values = {} if found.values is None else found.values
        self.lines = found.lines
        if not isinstance(self.values, dict):
            raise self.error(f"a {kind} block must be keys with values, got {shown(self.values)}")

    @property
    def place(self) -> str:
        """File and line of the block."""
        return f"{self.file}, line {self.line}"

    def error(self, sentence: str, line: int | None = None) -> LessonError:
        """Return what is wrong as the error to be raised."""
        return LessonError(f"{self.file}, line {line or self.line}: {sentence}")

    def line_of(self, *place: str | int) -> int:
        """Return the line of a value; that of what holds it, where it has none of its own."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return self.line

    def wrong(self, sentence: str, *place: str | int) -> LessonError:
        """Return what is wrong with a value, named by its key, as the error to be raised."""
        return self.error(f"{place[0]}: {sentence}", self.line_of(*place))

    def check_keys(self, known: Sequence[str], needed: Sequence[str] = ()) -> None:
        """Refuse an unknown key, and a missing one."""
        for key in self.values:
            if key not in known:
                raise self.error(unknown_name(f"key of a {self.kind} block", key, known), self.line_of(key))
        for key in needed:
            if key not in self.values:
                raise self.error(
                    f"a {self.kind} block must have {key}, got {', '.join(self.values) or 'nothing'}"
                )

    def attempt(self, read: Callable[[], Any], *place: str | int) -> Any:
        """Return what a function reads; what it refuses is said of that place."""
        try:
            return read()
        except LessonError:
            raise
        except ConfigError as error:
            raise self.wrong(str(error), *self._nearer(place, str(error))) from None

    def _nearer(self, place: Place, sentence: str) -> Place:
        """Return the place of the setting that a sentence begins with, where that is inside of a place."""
        nearer = (*place, sentence.partition(" ")[0])
        return nearer if nearer in self.lines else place

    def text(self, key: str, default: str = "") -> str:
        """Return a text; numbers and switches are taken as they are written."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(f"must be text, got {shown(value)}", key)
        return value.strip()

    def number(self, key: str, *, whole: bool = False, default: Any = None) -> Any:
        """Return a number, of the kind that is asked for."""
        value = self.values.get(key, default)
        kinds = (int,) if whole else (int, float)
        if value is not default and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise self.wrong(f"must be a {'whole ' if whole else ''}number, got {shown(value)}", key)
        return value

    def word(self, key: str, known: Sequence[str]) -> str:
        """Return one of several words; the first one where none is given."""
        value = self.values.get(key, known[0])
        if value not in known:
            raise self.wrong(f"must be one of {', '.join(known)}, got {shown(value)}", key)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """Return settings by name."""
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(f"must be settings with values, got {shown(value)}", key)
        return value

    def listed(self, key: str) -> list[Any]:
        """Return a list; what is no list counts as one of a single entry."""
        value = self.values.get(key)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    def words(self, key: str, known: Sequence[str], default: Sequence[str] = ()) -> tuple[str, ...]:
        """Return several words out of those that are known."""
        found = self.listed(key)
        for number, each in enumerate(found):
            if each not in known:
                what = "measure" if tuple(known) == tuple(MEASURES) else "word"
                raise self.wrong(unknown_name(what, str(each), known), key, number)
        return tuple(found) or tuple(default)

    def names(self, count: int, default: Sequence[str]) -> tuple[str, ...]:
        """Return a short name for each of several runs."""
        found = self.listed("names")
        if not found:
            return tuple(default)
        if len(found) != count:
            raise self.wrong(f"must be {count} names, got {len(found)}", "names")
        return tuple(str(each) for each in found)

    def settings(self) -> dict[str, Any]:
        """Return the settings of a preset with those of the block on top."""
        own = self.mapping("settings")
        if "preset" not in self.values:
            return own
        return self.attempt(lambda: with_preset(self.text("preset"), own), "preset")

    def config(self, values: Mapping[str, Any], *place: str | int) -> RunConfig:
        """Return a configuration; what it refuses is said of that place."""
        if place[0] not in self.values:
            place = ("preset",)
        return self.attempt(lambda: parse_config(values), *place)

    def expectations(self, labels: Sequence[str]) -> tuple[Expectation, ...]:
        """Return what the block expects of its runs."""
        return tuple(
            self.attempt(
                lambda each=each, place=place: read_expectation(each, labels, place), "expect", number
            )
            for number, each in enumerate(self.listed("expect"))
            for place in [f"{self.file}, line {self.line_of('expect', number)}"]
        )
