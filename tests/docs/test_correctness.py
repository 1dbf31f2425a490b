"""docs/correctness.md holds a row for every part of the engine, and every figure in it is good enough."""

import re

import pytest

from benchmarks.definitions import DEFINITIONS, mistaken
from benchmarks.reference_cases import NO_PART_OF_AN_UPDATE
from benchmarks.rooms import ROOMS
from docs.correctness import DOCUMENT, rows
from engine.config.settings import SETTINGS
from tests.docs.test_docs import ROOT

TEXT = DOCUMENT.read_text("utf-8")
# What no row is about: they decide how rows are dealt out and when a run ends.
WITHOUT_A_ROW = NO_PART_OF_AN_UPDATE | {"hidden_sizes", "dtype"}


def table(name: str) -> list[list[str]]:
    """Return the cells of the table in a block of the document, without its head."""
    block = TEXT.partition(f"<!-- {name} -->")[2].partition("<!-- end -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[1:]]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in cells]


def test_every_row_computed_anew_is_close_enough_and_stands_in_the_document() -> None:
    computed = rows()
    assert [row for row in computed if not row.difference <= row.allowed] == []
    written = [(part, against) for part, against, _, _ in table("table")]
    assert written == [(row.part, row.against) for row in computed], "run `make correctness`"
    assert all(float(difference) <= float(allowed) for _, _, difference, allowed in table("table"))


@pytest.mark.parametrize(
    "name", ["activation", "loss", "normalization", "optimizer", "schedule", "initializer", "decay_kind"]
)
def test_every_choice_has_a_row(name: str) -> None:
    parts = {part for part, *_ in table("table")}
    assert {choice for choice in SETTINGS[name].choices if f"{name} {choice}" not in parts} <= {"auto"}


def test_every_setting_of_network_and_training_has_a_row() -> None:
    words = {word for part, *_ in table("table") for word in re.findall(r"\w+", part)}
    words |= {"initializer_std"} if "initializer normal" in {part for part, *_ in table("table")} else set()
    asked = {name for name, each in SETTINGS.items() if each.section != "data"} - WITHOUT_A_ROW
    assert asked - words == set()


def test_every_mistaken_definition_has_its_place_and_is_noticed_by_a_test_that_exists() -> None:
    assert len(mistaken()) == len(DEFINITIONS)
    named = {what: test.strip("`") for _, what, test in table("definitions")}
    assert named.keys() == {what for _, what, _, _ in DEFINITIONS}, "run `make mutants`"
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [test for test in named.values() if f"def {test}(" not in tests] == []


@pytest.mark.parametrize(("block", "sample"), [("mutants", 400)])
def test_nineteen_in_twenty_mutants_are_killed(block: str, sample: int) -> None:
    text = TEXT.partition(f"<!-- {block} -->")[2].partition("<!-- end -->")[0]
    killed, tried = map(int, re.findall(r"(\d+) of (\d+) mutants killed", text)[0])
    assert tried >= sample and killed >= 0.95 * tried
    assert sum(int(count) for _, count, _ in table(block)) == tried


def test_nineteen_in_twenty_lines_are_run_by_tests() -> None:
    covered, lines = map(int, re.findall(r"run (\d+) of (\d+) lines", TEXT)[0])
    assert lines > 2000 and covered >= 0.95 * lines


def test_the_tests_of_every_room_exist_and_every_sampled_room_has_files() -> None:
    files = [name for room in ROOMS.values() for group in room.tests for name in group]
    assert [name for name in files if not (ROOT / name.partition("::")[0]).is_file()] == []
    assert all(bool(room.paths) == bool(room.sampled) for room in ROOMS.values())
