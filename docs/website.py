"""Takes README.md and CONTRIBUTING.md into the website, with their links (``make site``)."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FROM_THE_TOP = {"README.md": "start.md", "CONTRIBUTING.md": "contributing.md"}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand above docs/."""
    from mkdocs.structure.files import File

    for name, page in FROM_THE_TOP.items():
        files.append(File.generated(config, page, content=from_the_top((ROOT / name).read_text("utf-8"))))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links out of docs/ lead to the pages of the website."""
    for name, page in FROM_THE_TOP.items():
        markdown = markdown.replace(f"](../{name}", f"]({page}")
    return markdown


def from_the_top(text: str) -> str:
    """Return a page of the top folder as one of docs/: its links lead to where the website has them."""
    for name, page in FROM_THE_TOP.items():
        text = text.replace(f"]({name}", f"]({page}")
    text = text.replace("](docs/", "](")
    return re.sub(r"\[([^\]]+)\]\(LICENSE\)", r"\1", text)
