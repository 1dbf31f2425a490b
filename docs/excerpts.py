"""Puts excerpts of the source and the output of examples into a page, so that neither can go out of date.

``<!-- source engine/nn/tape.py Tape.replay -->`` is followed by that function without its docstring, and
``<!-- output -->`` by what the page's own examples, its ``python`` blocks, print.
"""

import ast
import contextlib
import io
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = re.compile(r"^<!-- (source (\S+) (\S+)) -->$", re.MULTILINE)
GENERATED = re.compile(r"^<!-- [\w ./-]+ -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)


def excerpts(text: str) -> dict[str, str]:
    """Return what belongs between the marks of a page, by the name in the mark.

    Raises
    ------
    ValueError
        When a mark names a function that its file does not hold.
    """
    found = {block: _fenced("python", source(path, name)) for block, path, name in SOURCE.findall(text)}
    if "<!-- output -->\n" in text:
        found["output"] = _fenced("text", output(text))
    return found


def source(path: str, name: str) -> str:
    """Return a function or class of a file, such as ``Tape.replay``, without its docstring.

    Raises
    ------
    ValueError
        When the file does not hold it.
    """
    text = (ROOT / path).read_text("utf-8")
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        inside = [each for each in ast.iter_child_nodes(node) if getattr(each, "name", None) == part]
        if not inside:
            raise ValueError(f"{path} has no {name}")
        node = inside[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    lines = text.splitlines()
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
    kept = lines[first : node.end_lineno]
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        assert docstring.end_lineno is not None
        kept = lines[first : docstring.lineno - 1] + lines[docstring.end_lineno : node.end_lineno]
    return textwrap.dedent("\n".join(kept))


def examples(text: str) -> list[str]:
    """Return the ``python`` blocks that a page brings itself, without excerpts."""
    return re.findall(r"^```python\n(.*?)^```", GENERATED.sub("", text), re.MULTILINE | re.DOTALL)


def output(text: str) -> str:
    """Return what the examples of a page print, run one after another."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n".join(examples(text)), "a page of docs", "exec"), {})  # noqa: S102  (our own text)
    return printed.getvalue().rstrip("\n")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"
