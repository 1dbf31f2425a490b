"""The house keeps its shape: imports run one way, workers load no screen libraries, files stay short."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"engine", "ui", "pages", "dashboard", "tests", "benchmarks", "docs"}
LONGEST_FILE = 300
WORKER = "engine.workers.worker"
NEVER_IN_A_WORKER = {"pandas", "plotly", "pyarrow", "scipy", "sklearn", "streamlit"}


@dataclass(frozen=True)
class Room:
    """What the files of one package may import.

    ``ours`` are our own packages, ``libraries`` those beyond the standard one, and ``when_used`` libraries
    that may be imported inside a function only, so that importing the file stays cheap.
    """

    ours: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    when_used: set[str] = field(default_factory=set)


MATHEMATICS = {"engine.nn", "engine.config", "engine.codec"}
TRAINING = {"engine.training", "engine.data", *MATHEMATICS}
READING = {"engine.analysis", "engine.replay"}
STORE = {"engine.store", "engine.plugins", *TRAINING}
SCREEN = {"numpy", "pandas", "plotly", "streamlit"}
PAGES = ("train", "backprop", "learn", "gradients", "overfitting", "compare", "runs", "data")
A_PAGE = {"engine", "ui.shared", "ui.live_chart", "ui.replay", "ui.stage", "ui.microscope"}
ROOMS = {
    "engine": Room(),
    "engine.config": Room({"engine.nn"}, {"pydantic", "pydantic_core"}, {"yaml"}),
    "engine.codec": Room(libraries={"numpy"}),
    "engine.nn": Room(libraries={"numpy"}, when_used={"scipy"}),
    "engine.data": Room(MATHEMATICS, {"numpy"}, {"sklearn"}),
    "engine.training": Room(TRAINING, {"numpy"}),
    "engine.analysis": Room(TRAINING, {"numpy"}, {"scipy", "sklearn"}),
    "engine.replay": Room({"engine.analysis", *TRAINING}, {"numpy"}),
    "engine.explain": Room(TRAINING, {"numpy"}),
    "engine.lessons": Room({*READING, "engine.explain", *TRAINING}, {"numpy"}),
    "engine.plugins": Room({"engine.nn", "engine.config"}, {"numpy"}),
    "engine.extension": Room({"engine.plugins"}),
    "engine.store": Room(STORE, {"numpy", "sqlalchemy", "psutil"}),
    # threadpoolctl: a run's settings say how many threads a matrix product has, whoever started the process.
    "engine.workers": Room(STORE, {"numpy", "sqlalchemy", "psutil", "threadpoolctl"}),
    "engine.exchange": Room(STORE, {"numpy", "pydantic", "sqlalchemy", "psutil"}, {"pyarrow"}),
    "engine.figures": Room(READING | TRAINING, {"numpy", "pandas", "plotly", "tsdownsample"}),
    "engine.cli": Room(
        {"engine.analysis", "engine.exchange", "engine.explain", "engine.lessons", "engine.workers", *STORE},
        {"numpy", "rich", "typer"},
    ),
    "engine.__main__": Room({"engine.cli"}),
    "ui": Room(),
    "ui.server": Room(libraries={"psutil"}),
    "ui.shared": Room({"engine"}, SCREEN | {"threadpoolctl"}),
    "ui.live_chart": Room({"engine", "ui.shared"}, SCREEN | {"tsdownsample"}),
    "ui.replay": Room({"engine", "ui.shared", "ui.live_chart"}, SCREEN),
    "ui.stage": Room({"engine", "ui.shared", "ui.live_chart", "ui.replay"}, SCREEN),
    "ui.microscope": Room({"engine", "ui.shared", "ui.live_chart", "ui.replay"}, SCREEN),
    # One room a page: none of them knows another.
    **{f"ui.{page}": Room(A_PAGE, SCREEN) for page in PAGES},
    "pages": Room({"ui", "engine"}, SCREEN),
    "dashboard": Room({"ui", "engine"}, {"streamlit", "starlette"}),
}


@dataclass(frozen=True)
class Import:
    """One imported module, the line that does it, and whether that line runs when the file is imported."""

    target: str
    line: int
    at_import: bool


def python_files(*places: str) -> list[Path]:
    """Return the Python files at or under these places of the project, in a stable order."""
    found = [path for place in places for path in (ROOT / place, *sorted((ROOT / place).rglob("*.py")))]
    return [path for path in found if path.suffix == ".py" and path.is_file()]


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the project."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def path_of(module: str) -> Path | None:
    """Return the file of a module of ours, or None when it is not one."""
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if module.split(".")[0] in OURS and path.is_file()), None)


def imports_of(path: Path) -> list[Import]:
    """Return every import in a file; those in functions and under TYPE_CHECKING do not run at import."""

    def visit(node: ast.AST, at_import: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            names = (f"{base}.{alias.name}" for alias in node.names)
            yield from (Import(name if path_of(name) else base, node.lineno, at_import) for name in names)
        deferred = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        deferred |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_import and not deferred)

    return list(visit(ast.parse(path.read_text("utf-8")), True))


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module_name(path).split(".")
    up = node.level - (path.name == "__init__.py")
    return ".".join([*package[: len(package) - up], *([node.module] if node.module else [])])


def room_of(module: str) -> str | None:
    """Return the name of the smallest room that holds a module."""
    holders = [name for name in ROOMS if f"{module}.".startswith(f"{name}.")]
    return max(holders, key=len, default=None)


def allowed(home: str, found: Import) -> bool:
    """Tell whether a file of the room ``home`` may do this import."""
    room, top = ROOMS[home], found.target.split(".")[0]
    if top in OURS:
        target = room_of(found.target) or found.target
        if home.split(".")[0] in {"ui", "pages", "dashboard"} and target in {
            "engine.cli",
            "engine.__main__",
        }:
            return False
        return target in {"engine", home, *room.ours} or target.split(".")[0] in room.ours
    libraries = room.libraries if found.at_import else room.libraries | room.when_used
    return top in sys.stdlib_module_names or top in libraries


PROGRAM = python_files("engine", "ui", "pages", "dashboard.py")
EVERYTHING = [*PROGRAM, *python_files("tests", "benchmarks", "docs")]


def test_the_program_was_found() -> None:
    assert len(PROGRAM) > 10


@pytest.mark.parametrize("path", PROGRAM, ids=module_name)
def test_a_file_imports_only_what_its_room_may_know(path: Path) -> None:
    home = room_of(module_name(path))
    assert home is not None, f"{path.name} stands in no room: name its room and what it may import here"
    wrong = [f"{found.target} (line {found.line})" for found in imports_of(path) if not allowed(home, found)]
    assert not wrong, f"{home} must not import {', '.join(wrong)}"


def test_a_worker_starts_without_the_libraries_of_the_screen() -> None:
    """Importing the worker loads none of pandas, plotly, scikit-learn or Streamlit, not even by detour."""
    waiting, reached, heavy = [WORKER], set(), []
    while waiting:
        module = waiting.pop()
        path = path_of(module)
        if path is None or module in reached:
            continue
        reached.add(module)
        parents = [module.rpartition(".")[0]] if "." in module else []
        ran = [found for found in imports_of(path) if found.at_import]
        heavy += [f"{module} -> {e.target}" for e in ran if e.target.split(".")[0] in NEVER_IN_A_WORKER]
        waiting += [*parents, *(found.target for found in ran)]
    assert WORKER in reached
    assert not heavy


@pytest.mark.parametrize("path", EVERYTHING, ids=module_name)
def test_a_file_says_its_job_in_one_sentence_and_stays_short(path: Path) -> None:
    text = path.read_text("utf-8")
    opening = ast.get_docstring(ast.parse(text))
    assert opening, "a file opens with one plain sentence: its job"
    assert opening.splitlines()[0].endswith("."), "the opening sentence ends with a full stop"
    assert len(text.splitlines()) <= LONGEST_FILE, "two files that have not been told apart yet"


def test_a_wrong_import_is_noticed() -> None:
    """The rules themselves refuse the mistakes that they are there for."""
    assert not allowed("engine.nn", Import("engine.training.trainer", 1, True))
    assert not allowed("engine.nn", Import("scipy.special", 1, True))
    assert allowed("engine.nn", Import("scipy.special", 1, False))
    assert not allowed("engine.data", Import("sklearn.datasets", 1, True))
    assert not allowed("engine.store", Import("engine.figures.curves", 1, False))
    assert not allowed("engine.store", Import("pandas", 1, False))
    assert not allowed("engine.training", Import("engine.store.store", 1, False))
    assert not allowed("engine.cli", Import("plotly", 1, False))
    assert not allowed("engine.config", Import("numpy", 1, True))
    assert not allowed("engine.nn", Import("engine.config.settings", 1, False))
    assert not allowed("engine", Import("engine.store.store", 1, True))
    assert not allowed("engine.plugins", Import("engine.store.store", 1, True))
    assert not allowed("engine.training", Import("engine.plugins.registry", 1, True))
    assert not allowed("ui.train", Import("pages.train", 1, True))
    assert not allowed("ui.train", Import("ui.gradients.text", 1, True))
    assert not allowed("ui.shared", Import("ui.train.form", 1, True))
    assert not allowed("ui.shared", Import("ui.live_chart.assets", 1, True))
    assert not allowed("ui.live_chart", Import("ui.replay.player", 1, True))
    assert not allowed("ui.data", Import("engine.cli", 1, True))
    assert allowed("pages", Import("engine.figures.curves", 1, True))
