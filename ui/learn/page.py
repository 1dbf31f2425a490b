"""The Learn page as a whole: the list, or one lesson beside it."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from engine.lessons.lesson import QUIZ, BrokenLesson, Lesson, Question
from engine.lessons.reading import read_lessons
from ui.learn.blocks import draw_all, show_block
from ui.learn.contents import (
    AnyLesson,
    choose_lesson,
    note_opened,
    show_contents,
    show_neighbours,
    show_overview,
)
from ui.learn.questions import show_question
from ui.learn.quiz import show_quiz, stage
from ui.learn.room import room_style
from ui.shared.text import as_markdown, visible

STYLE = Path(__file__).with_name("learn.css")
# Another lesson, and another round of the quiz, begins at its top, wherever the last one was left; what is
# shown again stays in place.
TO_TOP = """let last = null;
export default function ({ data, parentElement }) {
    if (last !== null && last !== data) parentElement.ownerDocument.querySelector(".stMain")?.scrollTo(0, 0);
    last = data;
}"""
COMPONENT = component("backprop_lab_top", html="<div></div>", js=TO_TOP, isolate_styles=False)


def show_learn() -> None:
    """Show what the address names: a lesson, or the list of all."""
    lessons = read_lessons()
    slug = st.query_params.get("lesson", "")
    found = next((each for each in lessons if each.slug == slug), None)
    with st.container(key="learn_top"):
        rooms = room_style(found) if isinstance(found, Lesson) else ""
        st.html(f"<style>{STYLE.read_text('utf-8')}\n{rooms}</style>")
        COMPONENT(key="learn_to_top", data=f"{slug} {stage()}" if slug == QUIZ else slug)
    if not lessons:
        st.info("There are no lessons yet: the folder lessons/ is empty.", icon=":material/menu_book:")
        return
    if found is None:
        if slug:
            known = f"lesson in the address must be one of those below, got {visible(slug, 40)}"
            st.warning(as_markdown(known), icon=":material/link_off:")
        show_overview(lessons)
        return
    note_opened(slug)
    with st.container(horizontal=True, gap="large", wrap=False, key="learn_frame"):
        show_contents(lessons, slug)
        with st.container(key="learn_text", width="stretch"):
            choose_lesson(lessons, slug)
            _show_lesson(found)
            show_neighbours(lessons, slug)


def _show_lesson(lesson: AnyLesson) -> None:
    if isinstance(lesson, BrokenLesson):
        st.header(as_markdown(lesson.file), anchor=False)
        st.error(as_markdown(lesson.sentence), icon=":material/report:")
        return
    st.header(as_markdown(lesson.title), anchor=False)
    st.markdown(f":gray[{lesson.minutes:g} min ·] {lesson.after}")
    if lesson.slug == QUIZ:
        show_quiz(lesson)
        return
    st.button(
        "Draw all for printing",
        icon=":material/print:",
        type="tertiary",
        key="learn_draw_all",
        on_click=draw_all,
        args=(lesson,),
        help="A part is drawn once somebody scrolls to it; this draws all of them, for paper.",
    )
    for number, part in enumerate(lesson.parts):
        key = f"{lesson.slug}_{number}"
        if isinstance(part, Question):
            show_question(part, key, lesson.slug)
        else:
            show_block(part, key)
