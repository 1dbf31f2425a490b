"""The quiz: the same questions before and after the lessons, with the answers in the address."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from engine.config import ConfigError
from engine.lessons.lesson import Lesson, Prose, Question
from ui.learn.blocks import resend_block, show_block
from ui.learn.contents import note_answer, open_lesson
from ui.learn.questions import choose, show_explanation, show_verdict
from ui.learn.results import right_answer
from ui.shared.text import as_markdown

BEFORE, AFTER, RESULTS = NAMES = ("before", "after", "results")
SHOWN = "yes"
# What the address said last: whoever comes back from another page by its name goes on there.
KEPT = "learn_quiz_kept"


def show_quiz(lesson: Lesson) -> None:
    """Show the quiz as far as it was answered: the round before, the round after, both results."""
    questions = lesson.questions
    if not any(name in st.query_params for name in NAMES):
        st.query_params.update(st.session_state.get(KEPT, {}))
    st.session_state[KEPT] = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    for number, part in enumerate(lesson.parts):
        if isinstance(part, Prose):
            show_block(part, f"{lesson.slug}_{number}")
    now = stage()
    if now == BEFORE:
        _show_round(questions, BEFORE)
        st.button(
            "Finish this round",
            type="primary",
            key="learn_quiz_finish",
            on_click=_begin_after,
            args=(len(questions),),
        )
    elif now == AFTER:
        _show_score(questions, BEFORE)
        st.markdown(
            "Now take the lessons, and come back here. Then answer the same questions again: which answers "
            "are right is told after that."
        )
        if all(each is None for each in answers(AFTER, questions)):
            st.button("Back to the first round", type="tertiary", key="learn_quiz_back", on_click=_back)
        _show_round(questions, AFTER)
        st.button("Show the results", type="primary", key="learn_quiz_results", on_click=_end)
    else:
        _show_results(questions, lesson.slug)
        st.button("Begin anew", key="learn_quiz_anew", on_click=_begin_anew)


def stage() -> str:
    """Return which round of the quiz the address is at: ``before``, ``after`` or ``results``."""
    if AFTER not in st.query_params:
        return BEFORE
    return RESULTS if st.query_params.get(RESULTS) == SHOWN else AFTER


def answers(name: str, questions: Sequence[Question]) -> list[int | None]:
    """Return the answers of a round as the address has them, from 0; None where there is none.

    What the address cannot mean counts as not answered.
    """
    text = st.query_params.get(name, "")
    found: list[int | None] = []
    for place, question in enumerate(questions):
        digit = text[place : place + 1]
        number = int(digit) if digit.isascii() and digit.isdigit() else 0
        found.append(number - 1 if 0 < number <= len(question.choices) else None)
    return found


def _note(questions: Sequence[Question], name: str, place: int) -> None:
    """Put the answer that was just chosen into the address."""
    given = answers(name, questions)
    given[place] = st.session_state[f"learn_quiz_{name}_{place}"]
    st.query_params[name] = "".join("0" if each is None else str(each + 1) for each in given)


def _show_round(questions: Sequence[Question], name: str) -> None:
    given = answers(name, questions)
    for place, question in enumerate(questions):
        key = f"learn_quiz_{name}_{place}"
        st.session_state[key] = given[place]
        with st.container(border=True, key=f"learn_ask_{place}", gap="small"):
            st.markdown(f"**{place + 1}.** {question.ask}")
            choose(
                question,
                key,
                is_open=True,
                label=f"Answer to question {place + 1}",
                changed=partial(_note, questions, name, place),
            )
    answered = sum(each is not None for each in given)
    left = len(questions) - answered
    rest = f" {left} left: what is not answered counts as wrong." if left else ""
    st.caption(f"{answered} of {len(questions)} answered.{rest}")


def _begin_after(count: int) -> None:
    st.query_params[AFTER] = "0" * count


def _back() -> None:
    st.query_params.pop(AFTER, None)


def _begin_anew() -> None:
    st.session_state.pop(KEPT, None)
    for name in NAMES:
        st.query_params.pop(name, None)


def _end() -> None:
    st.query_params[RESULTS] = SHOWN


def _right(questions: Sequence[Question]) -> list[int | None]:
    """Return the right answers; None for a question that is broken."""
    found: list[int | None] = []
    with st.spinner("Training what the questions ask about"):
        for question in questions:
            try:
                found.append(right_answer(question))
            except ConfigError as error:
                st.warning(as_markdown(str(error)), icon=":material/report:")
                found.append(None)
    return found


def _score(given: Sequence[int | None], right: Sequence[int | None]) -> str:
    hits = sum(one is not None and one == other for one, other in zip(given, right, strict=True))
    return f"{hits} of {sum(each is not None for each in right)}"


def _show_score(questions: Sequence[Question], name: str) -> None:
    score = _score(answers(name, questions), _right(questions))
    st.metric("Before the lessons", score, border=True, width=220)


def _show_results(questions: Sequence[Question], slug: str) -> None:
    right = _right(questions)
    rounds = {name: answers(name, questions) for name in (BEFORE, AFTER)}
    with st.container(horizontal=True, gap="small"):
        for name, given in rounds.items():
            st.metric(f"{name.capitalize()} the lessons", _score(given, right), border=True, width=220)
    for place, question in enumerate(questions):
        key = f"quiz_{place}"
        note_answer(slug, key)
        if right[place] is None:
            continue
        resend_block(key)
        with st.container(border=True, key=f"learn_question_{key}", gap="small"):
            st.markdown(f"**{place + 1}.** {question.ask}")
            given = rounds[AFTER][place]
            said = "Not answered." if given is None else f"Your answer: {question.choices[given].text}"
            st.markdown(f":gray[{said}]" if given is None else said)
            show_verdict(question, given)
            st.fragment(show_explanation)(question, key)
            if given != right[place] and question.lesson:
                st.button(
                    "Open the lesson",
                    icon=":material/menu_book:",
                    type="tertiary",
                    key=f"learn_quiz_lesson_{place}",
                    on_click=open_lesson,
                    args=(question.lesson,),
                )
