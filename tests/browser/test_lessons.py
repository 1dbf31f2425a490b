"""Every lesson of the project opens in a real browser, and all of its blocks run."""

from playwright.sync_api import Page, expect

from engine.lessons.lesson import QUIZ, Experiment, Lesson, Question, Step
from engine.lessons.reading import read_lessons
from engine.paths import LESSONS

DRAWN = """wanted => [...document.querySelectorAll('.live-chart')].filter(
    (each) => Number(each.dataset.draws) > 0).length >= wanted"""


def test_every_lesson_opens_from_the_list_and_its_blocks_run(page: Page, server: str) -> None:
    told = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": 1440, "height": 12_000})
    page.goto(f"{server}/learn")
    lessons = [each for each in read_lessons([LESSONS]) if isinstance(each, Lesson)]
    assert len(lessons) == 15
    page.get_by_text(lessons[0].title).first.click()
    for lesson in lessons:
        if lesson != lessons[0]:
            page.locator(f".st-key-learn_go_{lesson.slug} button").click()
        expect(page.get_by_role("heading", name=lesson.title, exact=True).first).to_be_visible()
        parts = [part for part in lesson.parts if isinstance(part, Experiment)]
        page.wait_for_function(DRAWN, arg=sum(any(show != "network" for show in each.show) for each in parts))
        steps = sum(isinstance(part, Step) for part in lesson.parts)
        expect(page.locator(".microscope[data-call], .neuron[data-steps]")).to_have_count(steps)
        if lesson.slug != QUIZ:
            asked = sum(isinstance(part, Question) for part in lesson.parts)
            expect(page.locator("[class*='st-key-learn_question_']")).to_have_count(asked)
        expect(page.get_by_test_id("stAlert")).to_have_count(0)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert told == []
