"""Writes the glossary and the annotated tree of README.md from the code: ``make docs``."""

import ast
from collections.abc import Sequence
from pathlib import Path

from docs.blocks import with_block
from engine.analysis.scores import SCORES
from engine.config.settings import SETTINGS, Setting
from engine.training.telemetry import LAYER_STATISTICS, SCALARS, Column

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TOP = {
    "dashboard.py": "",
    "pages": "one thin script a page",
    "ui": "Streamlit pieces that the pages share",
    "engine": "everything else; knows nothing of Streamlit",
    "plugins": "files of your own that add activations, optimizers, losses, layers",
    "tests": "mirrors the above, one file a module; and architecture, documents, real browser",
    "benchmarks": "measurements, each one command that prints one table",
    "docs": "screenshots, and what writes the tables of this file",
}
SPELLED_OUT = ("pages", "ui", "engine")


def blocks() -> dict[str, str]:
    """Return what stands between ``<!-- name -->`` and ``<!-- end -->``, by name."""
    return {
        "metrics": _columns(SCALARS),
        "layers": _columns(LAYER_STATISTICS),
        "scores": _scores(),
        "settings": _settings(),
        "tree": _tree(),
    }


def _columns(columns: Sequence[Column]) -> str:
    rows = [f"| `{column.name}` | {column.description} | {column.unit} |" for column in columns]
    return "\n".join(["| column | meaning | unit |", "|---|---|---|", *rows])


def _scores() -> str:
    rows = [f"| `{name}` | {meaning.title} | {meaning.description} |" for name, meaning in SCORES.items()]
    return "\n".join(["| score | on the screen | meaning |", "|---|---|---|", *rows])


def _settings() -> str:
    rows = [
        f"| `{name}` | {setting.description} | {_values(setting)} | {_default(setting)} |"
        for name, setting in SETTINGS.items()
    ]
    return "\n".join(["| setting | meaning | values | default |", "|---|---|---|---|", *rows])


def _values(setting: Setting) -> str:
    values = "true, false" if setting.kind == "switch" else ", ".join(setting.choices)
    parts = [values or setting.range_text, setting.unit]
    return "; ".join(part for part in parts if part)


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


def _tree() -> str:
    lines = []
    for name, note in TOP.items():
        path = ROOT / name
        is_folder = path.is_dir()
        lines.append(_line(0, f"{name}/" if is_folder else name, note or opening(path)))
        if name in SPELLED_OUT:
            lines += _inside(path, depth=1)
    return "\n".join(["```text", *lines, "```"])


def _inside(folder: Path, depth: int) -> list[str]:
    lines = []
    modules = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    packages = sorted(path.parent for path in folder.glob("*/__init__.py"))
    for package in packages:
        lines.append(_line(depth, f"{package.name}/", opening(package / "__init__.py")))
        lines += _inside(package, depth + 1)
    return lines + [_line(depth, module.name, opening(module)) for module in modules]


def _line(depth: int, name: str, note: str) -> str:
    return f"{'  ' * depth}{name:<{26 - 2 * depth}} {note}"


def opening(path: Path) -> str:
    """Return the job of a file: its opening sentence without what it must not know."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.splitlines()[0].rstrip(".").rpartition("; ")[0] or docstring.splitlines()[0].rstrip(".")


def filled(text: str) -> str:
    """Return a document with each block as the code has it.

    Raises
    ------
    ValueError
        When the document has no place for a block.
    """
    for name, block in blocks().items():
        text = with_block(text, name, block)
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
