"""Writes the generated parts of docs/ from the code: settings, metrics, commands, rooms (``make docs``)."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import typer
from typer.core import TyperGroup

from docs.blocks import with_block
from docs.excerpts import excerpts
from engine.analysis.scores import SCORES
from engine.cli.batch import JOBS_AT_MOST
from engine.cli.main import app
from engine.config.data import NAME_LENGTH, TARGETS_AT_MOST
from engine.config.grid import RUNS_AT_MOST
from engine.config.presets import PRESETS
from engine.config.run_config import SECTIONS
from engine.config.seeds import SEEDS_AT_MOST
from engine.config.settings import SETTINGS, Setting
from engine.data.columns import CATEGORIES_AT_MOST, CLASSES_AT_MOST, CLASSES_OF_NUMBERS_AT_MOST
from engine.data.decoding import BYTES_AT_MOST
from engine.data.reading import COLUMNS_AT_MOST, ROWS_AT_MOST
from engine.lessons.measures import MEASURES
from engine.store.edit import NOTE_LENGTH, TAG_LENGTH, TAGS_AT_MOST
from engine.training.telemetry import LAYER_STATISTICS, SCALARS, Column

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
ROOMS = {
    "dashboard.py": "",
    "pages": "one thin script a page: read the store, call a figure, show it",
    "ui": "",
    "engine": "",
    "lessons": "the texts of the Learn page, one file a lesson",
    "plugins": "your own activations, optimizers, losses and normalizations",
    "tests": "mirrors engine/ and ui/; and architecture, documents, pages, a real browser",
    "benchmarks": "measurements, each one command that prints one table",
    "docs": "these pages, and what writes their generated parts",
}


LIMITS = {
    "size of a CSV file": f"{BYTES_AT_MOST // 1_000_000} MB",
    "rows of a CSV file": f"{ROWS_AT_MOST:,}",
    "columns of a CSV file": f"{COLUMNS_AT_MOST:,}",
    "inputs made from one text column": f"its {CATEGORIES_AT_MOST} most frequent values",
    "classes of a target": f"{CLASSES_AT_MOST:,}",
    "distinct whole numbers that count as classes": f"{CLASSES_OF_NUMBERS_AT_MOST}",
    "targets predicted together": f"{TARGETS_AT_MOST}",
    "seeds of one configuration": f"{SEEDS_AT_MOST}",
    "runs of a grid": f"{RUNS_AT_MOST:,}",
    "workers of one command": f"{JOBS_AT_MOST}",
    "length of a name": f"{NAME_LENGTH} characters",
    "tags of a run": f"{TAGS_AT_MOST}, each of {TAG_LENGTH} characters",
    "length of a note": f"{NOTE_LENGTH:,} characters",
}


def columns_table(columns: Iterable[Column]) -> str:
    """Return what is recorded, a row for each column."""
    rows = [(f"`{column.name}`", column.description, column.unit) for column in columns]
    return table(("column", "meaning", "unit"), rows)


def scores_table() -> str:
    """Return the scores, a row each."""
    rows = [(f"`{name}`", score.title, score.description) for name, score in SCORES.items()]
    return table(("score", "on the screen", "meaning"), rows)


def settings_table(section: str) -> str:
    """Return the settings of a section, a row each."""
    rows = [
        (f"`{name}`", setting.description, _values(setting), _default(setting))
        for name, setting in SETTINGS.items()
        if setting.section == section
    ]
    return table(("setting", "meaning", "values", "default"), rows)


def presets_table() -> str:
    """Return the presets, a row each, with what to watch."""
    rows = [(f"`{preset.name}`", preset.title, preset.watch) for preset in PRESETS.values()]
    return table(("preset", "on the screen", "what to watch"), rows)


def measures_table() -> str:
    """Return the measures that lessons know, a row each."""
    rows = [(f"`{name}`", each.meaning, each.unit, each.better) for name, each in MEASURES.items()]
    return table(("measure", "meaning", "unit", "better"), rows)


def commands_table() -> str:
    """Return the commands in the order of their help, a row each."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    rows = [(f"`{name}`", " ".join((command.help or "").split())) for name, command in group.commands.items()]
    return table(("command", "what it does"), rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows]
    return "\n".join(
        ["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *(f"| {line} |" for line in lines)]
    )


def _values(setting: Setting) -> str:
    values = "true, false" if setting.kind == "switch" else ", ".join(setting.choices)
    return "; ".join(part for part in (values or setting.range_text, setting.unit) if part)


def _default(setting: Setting) -> str:
    by_choice = setting.explained.defaults
    if setting.default is not None or not by_choice:
        return _shown(setting.default)
    usual = max(set(by_choice.values()), key=list(by_choice.values()).count)
    others = ", ".join(f"{choice} {_shown(value)}" for choice, value in by_choice.items() if value != usual)
    return f"{_shown(usual)} ({others})" if others else _shown(usual)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def rooms() -> str:
    """Return the tree of the source: one line a package, from the opening sentence of its docstring."""
    lines = []
    for name, note in ROOMS.items():
        path = ROOT / name
        lines.append(_line(0, f"{name}/" if path.is_dir() else name, note or job(path)))
        if not note and path.is_dir():
            lines += _inside(path, depth=1)
    return "\n".join(["```text", *lines, "```"])


def _inside(folder: Path, depth: int) -> list[str]:
    lines = []
    for package in sorted(path.parent for path in folder.glob("*/__init__.py")):
        lines.append(_line(depth, f"{package.name}/", job(package)))
        lines += _inside(package, depth + 1)
    return lines


def _line(depth: int, name: str, note: str) -> str:
    return f"{'  ' * depth}{name:<{18 - 2 * depth}} {note}"


def job(path: Path) -> str:
    """Return the opening sentence of a file or package, up to its first semicolon."""
    source = path / "__init__.py" if path.is_dir() else path
    opening = (ast.get_docstring(ast.parse(source.read_text("utf-8"))) or "").splitlines()[0]
    return opening.rstrip(".").partition("; ")[0]


GENERATED: dict[str, dict[str, Callable[[], str]]] = {
    "settings.md": {
        f"settings {section}": lambda section=section: settings_table(section) for section in SECTIONS
    },
    "metrics.md": {
        "metrics": lambda: columns_table(SCALARS),
        "layers": lambda: columns_table(LAYER_STATISTICS),
        "scores": scores_table,
    },
    "tutorial.md": {"presets": presets_table},
    "command-line.md": {"commands": commands_table},
    "lessons-format.md": {"measures": measures_table},
    "reliability.md": {"limits": lambda: table(("what", "at most"), LIMITS.items())},
    "architecture.md": {"rooms": rooms},
}


def filled(name: str, text: str) -> str:
    """Return a page of docs/ with its generated parts as the code has them now.

    Parameters
    ----------
    name : str
        The file's name, such as ``settings.md``.
    text : str
        What it holds.

    Raises
    ------
    ValueError
        When the page lacks the place of a part, or names code that does not exist.
    """
    for block, write in GENERATED.get(name, {}).items():
        text = with_block(text, block, write())
    for block, content in excerpts(text).items():
        text = with_block(text, block, content)
    return text


def pages() -> list[Path]:
    """Return the pages of docs/."""
    return sorted(DOCS.glob("*.md"))


if __name__ == "__main__":
    for page in pages():
        page.write_text(filled(page.name, page.read_text("utf-8")), "utf-8")
