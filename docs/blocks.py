"""Replaces what stands between ``<!-- name -->`` and ``<!-- end -->`` in a document."""

from pathlib import Path


def with_block(text: str, name: str, block: str) -> str:
    """Return the text with another block of this name.

    Raises
    ------
    ValueError
        When the document has no place for it.
    """
    before, marker, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not marker or not end:
        raise ValueError(f"the document has no block {name!r}")
    return f"{before}{marker}{block}\n{end}{after}"


def write_block(path: Path, name: str, block: str) -> None:
    """Replace a block of a document on disk."""
    path.write_text(with_block(path.read_text("utf-8"), name, block), "utf-8")
