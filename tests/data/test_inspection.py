"""What would spoil a score is named before anything is trained; honest tables are left in peace."""

import numpy as np
import pytest

from engine.config import RunConfig, parse_config
from engine.data.dataset import build_dataset
from engine.data.inspection import WARNING, Finding, inspect_table
from engine.data.reading import read_table
from engine.data.table import Table

FILE = "0" * 64
ROWS = 400


def made(columns: dict[str, np.ndarray]) -> Table:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    return read_table("\n".join(lines).encode())


def found(table: Table, target: str = "y", **settings: object) -> list[Finding]:
    config: RunConfig = parse_config({"dataset": "table", "table": FILE, "target": target, **settings})
    return inspect_table(table, config, build_dataset(config, table))


def kinds(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(each.kind, each.column) for each in findings if each.severity == WARNING}


@pytest.fixture
def columns() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    x = generator.normal(size=ROWS)
    return {
        "x": x.round(5),
        "noise": generator.normal(size=ROWS).round(5),
        "kind": generator.choice(["a", "b", "c"], ROWS),
        "y": np.where(x + generator.normal(size=ROWS) > 0, "yes", "no"),
    }


def test_an_honest_table_raises_no_warning(columns) -> None:
    assert kinds(found(made(columns))) == set()
    assert kinds(found(made(columns), target="x")) == set()


@pytest.mark.parametrize(
    "leak",
    [
        lambda y: np.where(y == "yes", 1, 0),
        lambda y: np.where(y == "yes", -3.5, 8.25),
        lambda y: np.where(y == "yes", "paid", "open"),
        lambda y: (y == "yes") + np.random.default_rng(0).normal(0, 0.1, len(y)).round(6),
    ],
    ids=["code", "other numbers", "other words", "with noise"],
)
def test_a_column_that_copies_the_classes_is_named(columns, leak) -> None:
    assert kinds(found(made({"leak": leak(columns["y"]), **columns}))) == {("leak", "leak")}


@pytest.mark.parametrize("leak", [lambda y: 3 * y + 1, np.exp, lambda y: y + 1e-4])
def test_a_column_that_copies_a_value_or_bends_it_is_named(columns, leak) -> None:
    assert ("leak", "leak") in kinds(found(made({"leak": leak(columns["x"]), **columns}), target="x"))


def test_a_copy_of_three_classes_is_named_and_a_good_feature_is_not(columns) -> None:
    code = np.searchsorted(["a", "b", "c"], columns["kind"])
    blurred = code + np.random.default_rng(0).normal(0, 0.5, ROWS)
    table = made({"leak": code * 10, "good": blurred.round(4), **columns})
    assert kinds(found(table, target="kind")) == {("leak", "leak")}


def test_a_leak_among_99_to_1_classes_is_named_with_the_imbalance(columns) -> None:
    rare = (np.arange(ROWS) % 100 == 7).astype(int)
    leak = rare + np.random.default_rng(0).normal(0, 0.1, ROWS).round(6)
    assert kinds(found(made({**columns, "leak": leak, "y": rare}))) == {
        ("leak", "leak"),
        ("imbalance", "y"),
    }


@pytest.mark.parametrize(
    "ids",
    [
        np.arange(ROWS),
        np.random.default_rng(0).permutation(ROWS) + 1000,
        np.array([f"customer-{i}" for i in range(ROWS)]),
        np.arange(ROWS)[::-1] * 17,
        2**60 + np.arange(ROWS),
    ],
    ids=["counted", "shuffled", "text", "steps", "beyond 2^53"],
)
def test_a_column_that_numbers_the_rows_is_named_and_left_out(columns, ids) -> None:
    table = made({"key": ids, **columns})
    assert kinds(found(table)) == {("id", "key")}
    config = parse_config({"dataset": "table", "table": FILE, "target": "y"})
    assert "key" not in build_dataset(config, table).feature_names


def test_rows_on_both_sides_of_the_split_are_counted(columns) -> None:
    twice = {name: np.concatenate([values, values]) for name, values in columns.items()}
    (finding,) = [each for each in found(made(twice)) if each.kind == "duplicates"]
    assert finding.severity == WARNING and "validation rows are also in the training rows" in finding.sentence


def test_constant_columns_many_categories_odd_cells_and_empty_ones_are_told(columns) -> None:
    city = np.array([f"city {i % 80}" for i in range(ROWS)])
    odd = np.where(np.arange(ROWS) == 9, "oops", columns["noise"].astype(str))
    gap = np.where(np.arange(ROWS) % 4 == 0, "", columns["noise"].astype(str))
    findings = found(made({"same": np.ones(ROWS), "city": city, "odd": odd, "gap": gap, **columns}))
    shown = {(each.kind, each.column) for each in findings}
    assert {("constant", "same"), ("categories", "city"), ("text", "odd"), ("missing", "")} <= shown
    assert any("'gap' (100)" in each.sentence for each in findings)


def test_a_target_in_millions_and_a_missing_header_are_told(columns) -> None:
    table = made({**columns, "x": 1e6 * columns["x"]})
    assert ("scale", "x") in {(each.kind, each.column) for each in found(table, target="x")}
    numbers = read_table(b"1,2\n" + b"".join(b"%d,%d\n" % (i % 7, i % 2) for i in range(60)))
    assert ("header", "") in kinds(found(numbers, target="2"))
