"""A question inside a lesson: first the answer, then the runs, what happened and why."""

from collections.abc import Callable

import streamlit as st

from engine.config import ConfigError
from engine.lessons.expectations import filled
from engine.lessons.lesson import Question
from ui.learn.blocks import resend_block, show_results
from ui.learn.contents import note_answer
from ui.learn.results import results_of, right_answer, scores_of, values_of
from ui.learn.room import drawn_height
from ui.shared.sight import in_sight
from ui.shared.text import as_markdown
from ui.shared.widgets import kept


def show_question(question: Question, key: str, slug: str) -> None:
    """Show a question of a lesson.

    Parameters
    ----------
    key : str
        Constant key of the block on its page.
    slug : str
        Of the lesson, which counts it as answered.
    """
    resend_block(key)
    with st.container(border=True, key=f"learn_question_{key}", gap="small"):
        st.fragment(_question)(question, key, slug)


def _question(question: Question, key: str, slug: str) -> None:
    st.markdown(question.ask)
    answered = st.session_state.get(f"learn_answered_{key}")
    chosen = choose(question, f"learn_choice_{key}", is_open=answered is None)
    if answered is None:
        st.button(
            "Answer",
            type="primary",
            icon=":material/check:",
            key=f"learn_answer_{key}",
            disabled=chosen is None,
            on_click=_answer,
            args=(key, slug),
        )
        return
    show_verdict(question, answered)
    show_explanation(question, key)
    st.button(
        "Ask again",
        icon=":material/undo:",
        type="tertiary",
        key=f"learn_again_{key}",
        on_click=lambda: st.session_state.pop(f"learn_answered_{key}", None),
    )


def choose(
    question: Question,
    key: str,
    *,
    is_open: bool,
    label: str = "Your answer",
    changed: Callable[[], None] | None = None,
) -> int | None:
    """Draw the choices and return the place of the one that is chosen, from 0.

    Parameters
    ----------
    changed : callable, optional
        Called when another one was chosen.
    """
    return st.radio(
        label,
        range(len(question.choices)),
        format_func=lambda place: question.choices[place].text,
        index=None,
        label_visibility="collapsed",
        disabled=not is_open,
        on_change=changed,
        **kept(key),
    )


def _answer(key: str, slug: str) -> None:
    st.session_state[f"learn_answered_{key}"] = st.session_state.get(f"learn_choice_{key}")
    note_answer(slug, key)


def show_verdict(question: Question, chosen: int | None) -> None:
    """Say whether an answer is right, and which one is."""
    try:
        right = right_answer(question)
    except ConfigError as error:
        st.warning(as_markdown(str(error)), icon=":material/report:")
        return
    if chosen == right:
        st.success(f"Right: {question.choices[right].text}", icon=":material/check_circle:")
    else:
        st.info(f"Not this one. Right: {question.choices[right].text}", icon=":material/lightbulb:")


def show_explanation(question: Question, key: str) -> None:
    """Show what was trained for a question, what to look at, and why it came out so."""
    experiment = question.experiment
    try:
        results = results_of(experiment) if experiment else {}
        because = filled(question.because, values_of(results), scores_of(results))
    except ConfigError as error:
        st.warning(as_markdown(str(error)), icon=":material/report:")
        return
    st.markdown(because)
    if experiment is None:
        return
    if experiment.look:
        st.markdown(experiment.look)
    if in_sight(f"learn_{key}_sight", drawn_height(experiment)):
        show_results(experiment, results, key)
