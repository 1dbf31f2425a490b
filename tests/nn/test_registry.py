"""A registry holds what its decorator sees, in a stated order; a package finds its own files."""

import sys
from typing import Any

import pytest

from engine.nn.activations import ACTIVATIONS, activation
from engine.nn.registry import Entry, PluginError, Registry, import_modules

MODULE = """
from {package} import registry, Entry
registry.register(Entry("{name}", "{name}"))
"""


def filled(*names: str) -> Registry[str]:
    registry: Registry[str] = Registry("toy")
    for name in names:
        registry.register(Entry(name, name.upper(), options={"size": len(name)}))
    return registry


def test_names_that_are_arranged_come_first_and_the_others_follow_as_they_were():
    registry = filled("d", "b", "a", "c")
    registry.arrange(["a", "b"])
    assert list(registry.items()) == [("a", "A"), ("b", "B"), ("d", "D"), ("c", "C")]
    with pytest.raises(KeyError):
        registry.arrange(["nobody"])


def test_what_is_taken_away_leaves_no_options_behind():
    registry = filled("a", "bb")
    registry.take_away("bb")
    registry.take_away("nobody")
    assert registry == {"a": "A"} and registry.options == {"a": {"size": 1}}


def test_without_a_guard_a_name_is_given_once_and_with_one_the_guard_decides():
    class Refuses:
        asked: list[tuple[str, str]] = []  # noqa: RUF012

        def check_name(self, kind: str, name: str) -> None:
            self.asked.append((kind, name))

        def admit(self, kind: str, entry: Entry[Any]) -> None:
            raise PluginError(f"{kind} {entry.name} is refused")

    registry = filled("a")
    with pytest.raises(PluginError, match="toy a: each name must be given once, got it twice"):
        registry.check_name("a")
    registry.guard = Refuses()
    registry.check_name("a")
    with pytest.raises(PluginError, match="toy b is refused"):
        registry.register(Entry("b", "B"))
    assert Refuses.asked == [("toy", "a")] and list(registry) == ["a"]


def test_a_file_that_is_put_into_a_package_registers_what_it_defines(tmp_path, monkeypatch):
    package = tmp_path / "toys_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from engine.nn.registry import Entry, Registry\nregistry = Registry('toy')\n", "utf-8"
    )
    for name in ("later", "first", "middle"):
        (package / f"{name}.py").write_text(MODULE.format(package=package.name, name=name), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_modules(package.name, [str(package)], first=["middle"])
    assert list(sys.modules[package.name].registry) == ["middle", "first", "later"]
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        monkeypatch.delitem(sys.modules, name)


def test_the_decorator_of_a_built_in_thing_is_that_of_a_plugin():
    from engine import extension

    assert extension.activation is activation and ACTIVATIONS.guard is not None
