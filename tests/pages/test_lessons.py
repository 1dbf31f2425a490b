"""Every lesson of the project opens, and all of its live parts are drawn."""

import pytest

from engine.lessons.lesson import QUIZ, Experiment, Lesson, Step
from engine.lessons.reading import read_lessons
from engine.paths import LESSONS
from tests.pages.frames import framed_cards, headers, open_page

LESSONS_OF_OURS = [each for each in read_lessons([LESSONS]) if isinstance(each, Lesson)]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_no_lesson_is_broken():
    assert len(LESSONS_OF_OURS) == len(read_lessons([LESSONS])) == 15


@pytest.mark.parametrize("lesson", LESSONS_OF_OURS, ids=[each.slug for each in LESSONS_OF_OURS])
def test_a_lesson_opens_and_all_of_its_parts_are_drawn(lesson):
    app = open_page("learn", lesson=lesson.slug)
    assert not app.error and not app.warning
    assert [each.value.replace("\\", "") for each in app.header] == [lesson.title]
    experiments = [part for part in lesson.parts if isinstance(part, Experiment)]
    steps = [part for part in lesson.parts if isinstance(part, Step)]
    charts = sum(any(show != "network" for show in each.show) for each in experiments)
    assert len(framed_cards(app)) >= charts
    assert len([each for each in headers(app) if "chain" in each or "values" in each]) == len(steps)
    assert len(app.radio) >= len(lesson.questions) or lesson.slug == QUIZ
