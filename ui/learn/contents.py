"""The list of lessons, the marks of what was read, and the way from one lesson to another."""

from collections.abc import Sequence

import streamlit as st

from engine.lessons.lesson import BrokenLesson, Lesson
from ui.shared.text import as_markdown

# By slug what was opened, and the keys of the questions that were answered, in this session.
OPENED, ANSWERED = "learn_opened", "learn_answers"
NEW, BEGUN, DONE = ":material/radio_button_unchecked:", ":material/contrast:", ":material/check_circle:"
STATES = {NEW: "not opened yet", BEGUN: "opened; a question waits", DONE: "read, all questions answered"}
AnyLesson = Lesson | BrokenLesson


def open_lesson(slug: str | None) -> None:
    """Put a lesson, or the list for None, into the address; what the quiz keeps there stays."""
    if slug is None:
        st.query_params.pop("lesson", None)
    else:
        st.query_params["lesson"] = slug


def note_opened(slug: str) -> None:
    """Mark a lesson as opened in this session."""
    st.session_state.setdefault(OPENED, []).append(slug)


def note_answer(slug: str, key: str) -> None:
    """Mark a question of a lesson as answered in this session."""
    st.session_state.setdefault(ANSWERED, {}).setdefault(slug, []).append(key)


def mark_of(lesson: AnyLesson) -> str:
    """Return the sign of what was done of a lesson in this session."""
    if lesson.slug not in st.session_state.get(OPENED, []):
        return NEW
    waiting = len(lesson.questions) if isinstance(lesson, Lesson) else 0
    answered = set(st.session_state.get(ANSWERED, {}).get(lesson.slug, []))
    return DONE if len(answered) >= waiting else BEGUN


def title_of(lesson: AnyLesson) -> str:
    """Return number and title of a lesson as Markdown; of one that cannot be shown its file."""
    title = lesson.title if isinstance(lesson, Lesson) else lesson.file
    return as_markdown(title if lesson.number is None else f"{lesson.number} · {title}", 80)


def minutes_of(lesson: AnyLesson) -> str:
    """Return how long a lesson takes; nothing for one that cannot be shown."""
    return f"{lesson.minutes:g} min" if isinstance(lesson, Lesson) else ""


def show_contents(lessons: Sequence[AnyLesson], current: str) -> None:
    """Show all lessons as a narrow list beside one of them."""
    with st.container(key="learn_contents", gap=None, width=270):
        st.button(
            "All lessons",
            icon=":material/toc:",
            type="tertiary",
            key="learn_all",
            on_click=open_lesson,
            args=(None,),
        )
        for lesson in lessons:
            is_here = lesson.slug == current
            name = title_of(lesson)
            st.button(
                f"**{name}**" if is_here else f"{name}  :gray[{minutes_of(lesson)}]",
                icon=mark_of(lesson),
                type="tertiary",
                key=f"learn_go_{lesson.slug}",
                on_click=open_lesson,
                args=(lesson.slug,),
            )


def choose_lesson(lessons: Sequence[AnyLesson], current: str) -> None:
    """Show all lessons as a select box, for a narrow screen."""
    by_slug = {each.slug: each for each in lessons}
    with st.container(key="learn_select"):
        st.session_state["learn_lesson"] = current
        st.selectbox(
            "Lesson",
            list(by_slug),
            format_func=lambda slug: _plain_title(by_slug[slug]),
            label_visibility="collapsed",
            key="learn_lesson",
            on_change=lambda: open_lesson(st.session_state["learn_lesson"]),
        )


def _plain_title(lesson: AnyLesson) -> str:
    title = lesson.title if isinstance(lesson, Lesson) else lesson.file
    return title if lesson.number is None else f"{lesson.number} · {title}"


def show_neighbours(lessons: Sequence[AnyLesson], current: str) -> None:
    """Show the way to the lesson before and to the next one."""
    slugs = [each.slug for each in lessons]
    place = slugs.index(current)
    with st.container(horizontal=True, horizontal_alignment="distribute", key="learn_neighbours"):
        if place > 0:
            before = lessons[place - 1]
            st.button(
                title_of(before),
                icon=":material/arrow_back:",
                key="learn_previous",
                on_click=open_lesson,
                args=(before.slug,),
            )
        if place + 1 < len(lessons):
            after = lessons[place + 1]
            st.button(
                title_of(after),
                icon=":material/arrow_forward:",
                icon_position="right",
                key="learn_next",
                on_click=open_lesson,
                args=(after.slug,),
            )


def show_overview(lessons: Sequence[AnyLesson]) -> None:
    """Show all lessons with what can be done after each."""
    st.header("Learn", anchor=False)
    st.markdown(
        "What a network does while it learns, why it fails, and what mends it. Every claim is trained in "
        "front of you, and every run can be opened in Train."
    )
    with st.container(key="learn_overview", gap="small"):
        for lesson in lessons:
            with st.container(key=f"learn_row_{lesson.slug}", gap=None):
                st.button(
                    f"**{title_of(lesson)}**  :gray[{minutes_of(lesson)}]",
                    icon=mark_of(lesson),
                    type="tertiary",
                    key=f"learn_open_{lesson.slug}",
                    on_click=open_lesson,
                    args=(lesson.slug,),
                    help=STATES[mark_of(lesson)],
                )
                said = lesson.after if isinstance(lesson, Lesson) else as_markdown(lesson.sentence)
                st.caption(said)
