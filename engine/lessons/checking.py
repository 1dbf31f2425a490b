"""Checks lessons: trains each block and holds every claim of it against what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.explain.frameworks import FRAMEWORKS
from engine.explain.step import ExplainedStep
from engine.lessons.expectations import filled
from engine.lessons.lesson import Code, Experiment, Lesson, Part, Question, Step
from engine.lessons.questions import right_choice
from engine.lessons.training import prepared, train_experiment, values_of
from engine.training.model import initial_state
from engine.training.reaching import reach
from engine.training.state import State


@dataclass(frozen=True)
class Finding:
    """One claim of a lesson, and whether it holds.

    Attributes
    ----------
    place : str
        File and line.
    sentence : str
        What was claimed, and what was measured.
    """

    place: str
    holds: bool
    sentence: str


def check_lesson(lesson: Lesson, slugs: frozenset[str]) -> Iterator[Finding]:
    """Give a finding for each claim of a lesson, and one for each block that can be shown.

    Parameters
    ----------
    slugs : frozenset of str
        Of all lessons, for what questions name.
    """
    for part in lesson.parts:
        try:
            yield from _check(part, slugs)
        except ConfigError as error:
            sentence = str(error).removeprefix(f"{part.place}: ")
            yield Finding(part.place, False, sentence)


def _check(part: Part, slugs: frozenset[str]) -> Iterator[Finding]:
    if isinstance(part, Experiment):
        yield from _check_experiment(part)
    elif isinstance(part, Question):
        yield from _check_question(part, slugs)
    elif isinstance(part, Step) and part.config is not None:
        explained_step(part)
        yield Finding(part.place, True, f"step {part.step} can be taken apart")
    elif isinstance(part, Code):
        FRAMEWORKS[part.framework].write(explained_step(part))
        yield Finding(part.place, True, "its script computes the step")


def _check_experiment(experiment: Experiment) -> Iterator[Finding]:
    values = values_of(train_experiment(experiment))
    if not experiment.expect:
        yield Finding(experiment.place, True, "trained; nothing is claimed")
    for each in experiment.expect:
        yield Finding(each.place, each.holds(values), each.describe(values))


def _check_question(question: Question, slugs: frozenset[str]) -> Iterator[Finding]:
    if question.lesson and question.lesson not in slugs:
        yield Finding(question.place, False, f"lesson must be the name of a lesson, got {question.lesson!r}")
    values = values_of(train_experiment(question.experiment)) if question.experiment else {}
    right = right_choice(question, values)
    filled(question.because, values)
    yield Finding(question.place, True, f"right is choice {right + 1}: {question.choices[right].text}")
    for each in question.experiment.expect if question.experiment else ():
        yield Finding(each.place, each.holds(values), each.describe(values))


def explained_step(part: Step | Code) -> ExplainedStep:
    """Return the step that a block of a network is about, before its calls have run.

    Raises
    ------
    ConfigError
        Where there is no such step or row.
    """
    return ExplainedStep(*moment_of_step(part), part.row if isinstance(part, Step) else None)


def moment_of_step(part: Step | Code) -> tuple[RunConfig, Dataset, State]:
    """Return configuration, data and the state before the step that a block of a network is about.

    Raises
    ------
    ConfigError
        Where there is no such step.
    """
    assert part.config is not None
    config, dataset, planned = prepared(part.config)
    step = part.step if isinstance(part, Step) else 0
    if step >= planned.total_steps:
        raise ConfigError(f"step must be from 0 to {planned.total_steps - 1}, got {step}")
    state = initial_state(config, dataset)
    if step:
        reach(config, dataset, state, step)
    return config, dataset, state
