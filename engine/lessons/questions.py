"""Questions: reading one, and which of its choices is the right one."""

from collections.abc import Mapping
from typing import Any

from engine.config.errors import shown, unknown_name
from engine.lessons.block import Block
from engine.lessons.blocks import changed, common, two_configs
from engine.lessons.expectations import filled, read_expectation
from engine.lessons.lesson import Choice, Experiment, LessonError, Question
from engine.lessons.measures import MEASURES, STATUSES, Values

KEYS = (
    *("ask", "choices", "answer", "best", "because", "lesson"),
    *("preset", "settings", "change", "names", "show", "look", "expect", "target", "title"),
)
TRAINS = {"preset", "settings", "change"}
HIGHEST, LOWEST = "highest", "lowest"
CHOICES_AT_LEAST, CHOICES_AT_MOST = 2, 6


def read_question(block: Block) -> Question:
    """Read a ``question`` block."""
    block.check_keys(KEYS, ("ask", "choices", "because"))
    choices = block.listed("choices")
    if not CHOICES_AT_LEAST <= len(choices) <= CHOICES_AT_MOST:
        limits = f"{CHOICES_AT_LEAST} to {CHOICES_AT_MOST}"
        raise block.wrong(f"must be {limits} choices, got {len(choices)}", "choices")
    kind = _kind(block, choices)
    best = _best(block) if kind == "change" else ()
    experiment = _of_choices(block, choices) if kind == "change" else _of_question(block)
    if kind == "holds" and experiment is None:
        raise block.error("choices with holds must have a run to speak of: give preset or settings")
    labels = experiment.labels if experiment else ()
    question = Question(
        block.place,
        block.text("ask"),
        tuple(_choice(block, each, number, kind, labels) for number, each in enumerate(choices)),
        block.text("because"),
        _answer(block, len(choices)) if kind == "answer" else 0,
        best,
        experiment,
        block.text("lesson"),
    )
    stand_in: Values = dict.fromkeys(MEASURES, 1.0) | {"status": STATUSES[0]}
    block.attempt(lambda: filled(question.because, dict.fromkeys(labels, stand_in)), "because")
    return question


def right_choice(question: Question, values: Mapping[str, Values]) -> int:
    """Return the place, from 0, of the one right choice.

    Parameters
    ----------
    values : mapping
        Measures of the question's runs by label; empty where it has none.

    Raises
    ------
    LessonError
        When several choices are right, or none is.
    """
    if question.answer:
        return question.answer - 1
    if question.best:
        return _best_place(question, values)
    right = [place for place, each in enumerate(question.choices) if each.holds and each.holds.holds(values)]
    if len(right) != 1:
        measured = "; ".join(each.holds.describe(values) for each in question.choices if each.holds)
        raise LessonError(f"{question.place}: exactly one choice must hold, got {len(right)} ({measured})")
    return right[0]


def _best_place(question: Question, values: Mapping[str, Values]) -> int:
    which, measure = question.best
    found = {place: values[str(place + 1)][measure] for place in range(len(question.choices))}
    known = {place: value for place, value in found.items() if not isinstance(value, str) and value == value}
    if not known:
        raise LessonError(
            f"{question.place}: one choice must have the {which} {measure}, got none that has one"
        )
    best = (max if which == HIGHEST else min)(known.values())
    right = [place for place, value in known.items() if value == best]
    if len(right) != 1:
        raise LessonError(
            f"{question.place}: one choice must have the {which} {measure}, got {len(right)} with {best:.4g}"
        )
    return right[0]


def _kind(block: Block, choices: list[Any]) -> str:
    """Return what says which choice is right: ``answer``, ``holds`` or ``change``."""
    kinds = set()
    for number, each in enumerate(choices):
        if isinstance(each, dict):
            for key in each:
                if key not in ("text", "holds", "change"):
                    known = ("text", "holds", "change")
                    raise block.wrong(unknown_name("key of a choice", key, known), "choices", number, key)
            if not isinstance(each.get("text"), str):
                raise block.wrong(f"each must have a text, got {shown(each)}", "choices", number)
            kinds.add("holds" if "holds" in each else "change" if "change" in each else "answer")
        elif isinstance(each, str | int | float) and not isinstance(each, bool):
            kinds.add("answer")
        else:
            raise block.wrong(
                f"must be texts, or a text with holds or change, got {shown(each)}", "choices", number
            )
    if len(kinds) > 1:
        raise block.wrong("all must have holds, or all change, or none of them either", "choices")
    kind = kinds.pop()
    needed = {"answer": "answer", "change": "best"}.get(kind, "")
    for key in ("answer", "best"):
        if key == needed and key not in block.values:
            raise block.error(f"a question block must have {key} with such choices, got none")
        if key != needed and key in block.values:
            raise block.wrong(f"must be left out with choices that have {kind}", key)
    return kind


def _choice(block: Block, each: Any, number: int, kind: str, labels: tuple[str, ...]) -> Choice:
    if not isinstance(each, dict):
        return Choice(str(each))
    if kind != "holds":
        return Choice(each["text"])
    place = f"{block.file}, line {block.line_of('choices', number, 'holds')}"
    holds = block.attempt(lambda: read_expectation(each["holds"], labels, place), "choices", number, "holds")
    return Choice(each["text"], holds)


def _answer(block: Block, choices: int) -> int:
    answer = block.number("answer", whole=True)
    if not 1 <= answer <= choices:
        raise block.wrong(f"must be a choice from 1 to {choices}, got {answer}", "answer")
    return answer


def _best(block: Block) -> tuple[str, str]:
    words = tuple(block.text("best").split())
    if len(words) != 2 or words[0] not in (HIGHEST, LOWEST):
        raise block.wrong(
            f"must be 'highest <measure>' or 'lowest <measure>', got {' '.join(words)!r}", "best"
        )
    if words[1] not in MEASURES or words[1] == "status":
        raise block.wrong(unknown_name("measure", words[1], MEASURES), "best")
    return words[0], words[1]


def _of_question(block: Block) -> Experiment | None:
    """Return what a question trains that all choices speak of: nothing, one run, or a pair."""
    if not TRAINS & block.values.keys():
        for key in ("show", "look", "expect", "target", "names"):
            if key in block.values:
                raise block.wrong("must be left out of a question that trains nothing", key)
        return None
    if "change" in block.values:
        configs, setting, names = two_configs(block)
        labels = ("a", "b")
        return Experiment("pair", block.place, configs, labels, names, setting, **common(block, labels))
    config = block.config(block.settings(), "settings")
    return Experiment("run", block.place, (config,), names=(block.text("title"),), **common(block, [""]))


def _of_choices(block: Block, choices: list[Any]) -> Experiment:
    """Return a run for each choice, each with its changes on the question's settings."""
    if "change" in block.values:
        raise block.wrong("must be left out where each choice has a change of its own", "change")
    settings, configs = block.settings(), []
    for number, each in enumerate(choices):
        change = each["change"] or {}
        if not isinstance(change, dict):
            raise block.wrong(f"change must be settings, got {shown(change)}", "choices", number, "change")
        configs.append(block.config(changed(settings, change), "choices", number, "change"))
    labels = tuple(str(number) for number in range(1, len(configs) + 1))
    names = block.names(len(configs), [each["text"] for each in choices])
    return Experiment("choices", block.place, tuple(configs), labels, names, **common(block, labels))
