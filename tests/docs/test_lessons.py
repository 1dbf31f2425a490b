"""docs/lessons.md holds a row for every cure that a lesson claims, and each row's interval keeps off zero."""

import re

from docs.lessons import DOCUMENT, HEAD, cures_table
from engine.analysis.statistics import Difference, Interval
from engine.lessons.cures import Cure
from engine.lessons.lesson import Lesson
from engine.lessons.reading import read_lessons
from engine.paths import LESSONS
from tests.lessons.test_reading import EXAMPLES


def rows() -> list[list[str]]:
    """Return the cells of the table, without its head."""
    block = DOCUMENT.read_text("utf-8").partition("<!-- cures -->")[2].partition("<!-- end -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1:]]


def test_every_cure_of_a_lesson_has_its_row() -> None:
    lessons = [each for each in read_lessons([LESSONS]) if isinstance(each, Lesson)]
    claimed = [(f"`{each.slug}`", run.cure) for each in lessons for run in each.experiments if run.cure]
    assert [(row[0], row[1]) for row in rows()] == claimed, "run `make lessons`"


def test_no_interval_touches_zero() -> None:
    for row in rows():
        low, high = (float(number) for number in re.findall(r"\(([-+.\de]+) to ([-+.\de]+)\)", row[-1])[0])
        assert low * high > 0, row


def test_a_row_says_claim_setting_measure_and_interval() -> None:
    (lesson, _) = read_lessons([EXAMPLES])
    assert isinstance(lesson, Lesson)
    pair = next(each for each in lesson.experiments if each.cure)
    found = Cure(lesson, pair, (0.82, 0.38), Difference(Interval(-0.44, 0.05, 10), 0.001, ()))
    assert found.holds
    head, _, row = cures_table([found]).splitlines()
    assert head == "| " + " | ".join(HEAD) + " |"
    assert row == (
        "| `two-rates` | A larger learning rate lowers the loss that twenty epochs reach. | "
        "`learning_rate`: 1e-05 → 0.01 | training loss, lower is better | 0.82 | 0.38 | "
        "-0.44 (-0.49 to -0.39) |"
    )
