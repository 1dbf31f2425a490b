"""Links, images, files and targets that a document names are there."""

import re
from pathlib import Path

import pytest

from tests.docs.test_docs import PAGES, ROOT

DOCUMENTS = {
    name: (ROOT / name).read_text("utf-8")
    for name in ("README.md", "CONTRIBUTING.md", "plugins/README.md", *(f"docs/{page}" for page in PAGES))
}
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ABSENT_UNTIL_RUN = {".venv", ".venv-bench", ".venv-site", ".lab", "build"}


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(document: Path, text: str) -> list[str]:
    """Return the links of a document, pictures among them, that lead nowhere."""
    broken = []
    for link in LINK.findall(FENCED.sub("", text)):
        name, _, anchor = link.partition("#")
        target = (document.parent / name) if name else document
        if "://" in link:
            continue
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_and_picture_resolves(name: str) -> None:
    assert broken_links(ROOT / name, DOCUMENTS[name]) == []


def test_a_broken_link_would_be_noticed() -> None:
    text = "![a](docs/screenshots/none.png) [b](docs/numbers.md#nothing) [c](docs/numbers.md#scores) [d](#x)"
    found = broken_links(ROOT / "README.md", text)
    assert found == ["docs/screenshots/none.png", "docs/numbers.md#nothing", "#x"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_and_folder_that_a_document_names_is_there(name: str) -> None:
    """From the top, from the folder of the document, or, in tables about the engine, from there or its nn."""
    text = FENCED.sub("", DOCUMENTS[name])
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|\w+\.(?:py|md|toml|txt))`", text))
    places = [ROOT, (ROOT / name).parent, ROOT / "engine", ROOT / "engine" / "nn"]
    missing = [
        each
        for each in sorted(named)
        if each.split("/")[0] not in ABSENT_UNTIL_RUN and not any((place / each).exists() for place in places)
    ]
    assert missing == []


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", "\n".join(DOCUMENTS.values()), re.MULTILINE))
    assert {"run", "test", "docs"} <= named
    assert named <= targets
