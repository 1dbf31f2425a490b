"""The live blocks of a lesson: each is trained and drawn when it comes into view."""

from collections.abc import Mapping

import streamlit as st

from engine.config import ConfigError, RunConfig
from engine.explain.frameworks import FRAMEWORKS
from engine.lessons.checking import explained_step
from engine.lessons.lesson import Code, Experiment, Lesson, Part, Prose, Question, Step
from ui.learn.charts import cards_of
from ui.learn.microscope import show_step
from ui.learn.results import Result, frames_of_experiment, results_of, scores_of, values_of
from ui.learn.room import NETWORK, drawn_height
from ui.learn.words import describe_pair, table_of
from ui.live_chart import resend_all, show_cards
from ui.replay.player import RUNS_AT_MOST, resend_frames, show_frames
from ui.shared.form_state import propose
from ui.shared.frame import go_to_train, page_store
from ui.shared.sight import in_sight, note_seen
from ui.shared.text import as_markdown

SCRIPT_HEIGHT = 420


def show_block(part: Part, key: str) -> None:
    """Show a part of a lesson that is no question.

    Parameters
    ----------
    key : str
        Constant key of the block on its page.
    """
    if isinstance(part, Prose):
        with st.container(key=f"learn_prose_{key}"):
            st.markdown(part.text)
        return
    assert not isinstance(part, Question)
    if isinstance(part, Experiment):
        resend_block(key)
    with st.container(key=f"learn_block_{key}", gap="small"):
        st.fragment(_live)(part, key)


def resend_block(key: str) -> None:
    """Have what a block draws sent whole; a page calls it in each full run of its script."""
    resend_all(f"learn_{key}_cards")
    for number in range(3):
        resend_frames(f"learn_{key}_player_{number}")


def draw_all(lesson: Lesson) -> None:
    """Have all blocks of a lesson drawn, whether or not they were in sight."""
    for number in range(len(lesson.parts)):
        note_seen(_sight(f"{lesson.slug}_{number}"))


def _sight(key: str) -> str:
    return f"learn_{key}_sight"


def _live(part: Experiment | Step | Code, key: str) -> None:
    if part.title:
        st.markdown(f"#### {as_markdown(part.title)}")
    if isinstance(part, Code):
        _show_code(part)
        return
    if part.look:
        st.markdown(part.look)
    if isinstance(part, Step):
        show_step(f"learn_{key}_step", part)
    elif in_sight(_sight(key), drawn_height(part)):
        show_experiment(part, key)


def show_experiment(experiment: Experiment, key: str) -> None:
    """Train the runs of an experiment, unless they are known, and show what came out."""
    try:
        results = results_of(experiment)
    except ConfigError as error:
        st.warning(as_markdown(str(error)), icon=":material/report:")
        return
    show_results(experiment, results, key)
    for each in experiment.expect:
        if not each.holds(values := values_of(dict(results))):
            sentence = f"{each.place}: what the lesson expects does not hold here. {each.describe(values)}."
            st.warning(as_markdown(sentence, 300), icon=":material/report:")


def show_results(experiment: Experiment, results: Mapping[str, Result], key: str) -> None:
    """Show charts, replay, numbers, and the way into Train."""
    cards = cards_of(f"learn_{key}", experiment, results)
    if experiment.show[0] == NETWORK:
        _show_players(experiment, key)
    if cards:
        with st.container(key=f"learn_cards_{key}"):
            show_cards(f"learn_{key}_cards", cards, wide=min(2, len(cards)))
    if NETWORK in experiment.show[1:]:
        _show_players(experiment, key)
    values, scores = values_of(dict(results)), scores_of(dict(results))
    if experiment.kind == "pair" and experiment.measures:
        st.markdown(describe_pair(experiment, values, next(iter(scores.values()))))
    elif experiment.measures:
        with st.container(key=f"learn_table_{key}"):
            st.markdown(table_of(experiment, values, scores))
    with st.container(horizontal=True, gap="small", key=f"learn_doors_{key}"):
        for place, (config, name) in enumerate(zip(experiment.configs, experiment.names, strict=True)):
            label = "Open in Train" if len(experiment.configs) == 1 else f"Open in Train: {name}"
            if st.button(
                as_markdown(label, 60),
                icon=":material/arrow_outward:",
                type="tertiary",
                key=f"learn_open_{key}_{place}",
                help="Puts these settings into the form of the Train page, to be changed and started.",
            ):
                open_in_train(config)


def open_in_train(config: RunConfig) -> None:
    """Put a configuration into Train's form and go there; its network is shown before its first step."""
    propose(page_store(), config.model_dump())
    go_to_train()


def _show_players(experiment: Experiment, key: str) -> None:
    frames = frames_of_experiment(experiment)
    titled = list(zip(experiment.names, frames.values(), strict=True))
    with st.container(key=f"learn_players_{key}"):
        for number, start in enumerate(range(0, len(titled), RUNS_AT_MOST)):
            shown = titled[start : start + RUNS_AT_MOST]
            show_frames(f"learn_{key}_player_{number}", shown, experiment.place, plays=number == 0)


def _show_code(part: Code) -> None:
    try:
        text = _script(part)
    except ConfigError as error:
        st.warning(as_markdown(str(error)), icon=":material/report:")
        return
    st.code(text, "python", height=SCRIPT_HEIGHT)


def _script(part: Code) -> str:
    return FRAMEWORKS[part.framework].write(explained_step(part))
