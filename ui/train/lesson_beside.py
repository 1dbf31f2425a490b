"""A lesson beside the Train page, for whoever was sent here with one."""

import streamlit as st

from ui.shared.text import as_markdown, visible
from ui.train.class_link import LESSON

CROSS, SCHOOL = ":material/close:", ":material/school:"


def show_lesson_beside() -> None:
    """Show the text of the lesson that the address names; its live parts stand on the Learn page."""
    if LESSON in st.query_params:
        _show(st.query_params[LESSON])


def _show(slug: str) -> None:
    # Only here: whoever opens the page should not wait for what most never use.
    from engine.lessons.lesson import Lesson, Prose, Question
    from engine.lessons.reading import read_lessons

    lessons = {each.slug: each for each in read_lessons()}
    lesson = lessons.get(slug)
    if not isinstance(lesson, Lesson):
        reason = "no such lesson" if lesson is None else lesson.sentence
        st.warning(
            as_markdown(f"lesson in the address: {reason}: {visible(slug, 40)}"), icon=":material/link_off:"
        )
        return
    with st.container(key="train_lesson", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Close", icon=":material/close:", type="tertiary", key="train_lesson_close", on_click=_close
            )
            if st.button("The whole lesson", icon=SCHOOL, type="tertiary", key="train_lesson_whole"):
                st.switch_page("pages/learn.py", query_params={LESSON: slug})
        st.markdown(f"### {as_markdown(lesson.title)}")
        for part in lesson.parts:
            if isinstance(part, Prose):
                st.markdown(part.text)
            else:
                title = "A question" if isinstance(part, Question) else part.title or "A live part"
                st.caption(as_markdown(f"{title}: in the whole lesson."))


def _close() -> None:
    st.query_params.pop(LESSON, None)
