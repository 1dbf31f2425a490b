"""Small wrong changes to Python source, one at a time: what a test suite should notice; runs no test."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
# The arithmetic of a tape is written as names of functions: those are its operators.
FUNCTIONS = {
    "add": "subtract",
    "subtract": "add",
    "multiply": "divide",
    "divide": "multiply",
    "maximum": "minimum",
    "minimum": "maximum",
    "exp": "expm1",
    "expm1": "exp",
    "log1p": "log",
    "log": "log1p",
    "sqrt": "square",
    "square": "sqrt",
    "negative": "positive",
    "positive": "negative",
    "reciprocal": "positive",
    "sign": "positive",
    "abs": "positive",
    "tanh": "sign",
    "less": "less_equal",
    "zeros": "ones",
    "ones": "zeros",
    "cos": "sin",
    "sin": "cos",
    "min": "max",
    "max": "min",
}
READ_BY_PEOPLE = {"label"}


@dataclass(frozen=True)
class Mutant:
    """One change: where it stands, and what it makes of which line.

    ``tree`` makes the whole changed module, anew at each call: a thousand of them kept would slow each fork.
    """

    path: Path
    line: int
    before: str
    after: str
    tree: Callable[[], ast.Module]

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line} `{self.before}` -> `{self.after}`"


def places_of(path: Path) -> list[tuple[Path, int, int]]:
    """Return a place for every mutant of a file, in the order of its lines: :func:`mutant_at` makes it.

    Left alone are docstrings, annotations, texts for people (f-strings, labels, errors) and Protocols.
    """
    changeable = enumerate(_changeable(ast.parse(path.read_text("utf-8"))))
    return [(path, index, choice) for index, node in changeable for choice, _ in enumerate(_changes(node))]


def mutant_at(path: Path, index: int, choice: int) -> Mutant:
    """Return the mutant at one of the places of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    node = list(_changeable(tree))[index]
    statement = _statement(tree, node)
    before = _first_line(statement, node)
    _changes(node)[choice]()
    assert isinstance(node, ast.expr | ast.stmt)
    line, after = node.lineno, _first_line(statement, node)
    return Mutant(path, line, before, after, partial(_changed, path, index, choice))


def _changed(path: Path, index: int, choice: int) -> ast.Module:
    tree = ast.parse(path.read_text("utf-8"))
    _changes(list(_changeable(tree))[index])[choice]()
    return tree


def _first_line(statement: ast.AST, node: ast.AST) -> str:
    is_block = hasattr(statement, "body")
    text = ast.unparse(node if is_block else statement)
    return " ".join(text.split())[:160]


def _statement(tree: ast.Module, node: ast.AST) -> ast.AST:
    smallest: ast.AST = tree
    for each in ast.walk(tree):
        if isinstance(each, ast.stmt) and any(child is node for child in ast.walk(each)):
            smallest = each
    return smallest


def _changeable(tree: ast.AST) -> Iterator[ast.AST]:
    for field, value in ast.iter_fields(tree):
        if field in {"annotation", "returns"}:
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or _is_left_alone(node):
                continue
            if _changes(node):
                yield node
            yield from _changeable(node)


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.ClassDef):
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    return isinstance(node, ast.keyword) and node.arg in READ_BY_PEOPLE


def _changes(node: ast.AST) -> list:
    """Return functions that each make one change to the node in place."""
    if isinstance(node, ast.Constant):
        value = node.value
        return (
            [lambda: setattr(node, "value", _other_number(value))] if isinstance(value, int | float) else []
        )
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in OPERATORS:
        return [lambda: setattr(node, "op", OPERATORS[type(node.op)]())]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        return [lambda: setattr(node, "ops", [OPERATORS[type(node.ops[0])](), *node.ops[1:]])]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        swap = ast.UAdd if isinstance(node.op, ast.USub) else None
        return [lambda: setattr(node, "op", swap())] if swap else []
    if isinstance(node, ast.If | ast.IfExp):
        return [lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))]
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        return [lambda: setattr(node, "value", ast.Constant(None))]
    if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS and isinstance(node.ctx, ast.Load):
        return [lambda: setattr(node, "attr", FUNCTIONS[node.attr])]
    if isinstance(node, ast.Name) and node.id in {"maximum", "minimum"} and isinstance(node.ctx, ast.Load):
        return [lambda: setattr(node, "id", FUNCTIONS[node.id])]
    return []


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_number(value: float) -> float:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return 2 * value if value else 1.0
