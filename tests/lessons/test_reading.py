"""Lessons are read strictly: what is wrong is one sentence with file and line; others work."""

import re
from pathlib import Path

import pytest

from engine.lessons.lesson import BrokenLesson, Code, Experiment, Lesson, LessonError, Prose, Question, Step
from engine.lessons.reading import FOLDER_VARIABLE, READERS, lesson_folders, lesson_from_text, read_lessons

EXAMPLES = Path(__file__).with_name("examples")
FORMAT = Path(__file__).resolve().parents[2] / "docs" / "lessons-format.md"
HEAD = "---\ntitle: A\nminutes: 1\nafter: B\n---\n"


def block(kind: str, text: str) -> str:
    """Return a lesson with a single block, whose first line is line 7."""
    return f"{HEAD}```{kind}\n{text}\n```\n"


def read(text: str) -> Lesson:
    """Return the lesson that a text is."""
    return lesson_from_text(text, "lessons/07-x.md", "x", 7)


def sentence_of(text: str) -> str:
    """Return what is said of a text that cannot be used."""
    with pytest.raises(LessonError) as refused:
        read(text)
    return str(refused.value)


def test_a_lesson_has_its_head_and_its_parts_in_order() -> None:
    lesson, quiz = read_lessons([EXAMPLES])
    assert isinstance(lesson, Lesson) and isinstance(quiz, Lesson)
    assert (lesson.slug, lesson.number, lesson.title, lesson.minutes) == (
        "two-rates",
        1,
        "Two learning rates",
        2,
    )
    kinds = [type(part) for part in lesson.parts]
    assert kinds == [Prose, Experiment, Experiment, Experiment, Step, Code]
    assert quiz.slug == "quiz" and [len(each.choices) for each in quiz.questions] == [3, 2, 3]


def test_an_ordinary_fence_stays_in_the_prose() -> None:
    (prose,) = read(f"{HEAD}Before\n\n```python\n```\nafter\n````text\n```run\n```\n````\n").parts
    assert isinstance(prose, Prose) and "```run" in prose.text


def test_the_settings_of_a_pair_differ_in_the_one_that_it_changes() -> None:
    (pair,) = read(block("pair", "preset: moons\nchange: {depth: 3}\nmeasure: loss")).parts
    assert isinstance(pair, Experiment)
    first, second = (each.model_dump() for each in pair.configs)
    assert {name for name in first if first[name] != second[name]} == {"hidden_sizes"} == {pair.setting}
    assert len(second["hidden_sizes"]) == 3 and pair.labels == ("a", "b")


WRONG = [
    ("run", "settings: {learning_rate: -1}", 7, "settings: learning_rate must be > 0, got -1"),
    ("run", "preset: moons\nsettings:\n  samples: 100\n  learning_rate: -1", 10, "settings: learning_rate"),
    ("run", "setings: {}", 7, "unknown key of a run block 'setings': did you mean 'settings'?"),
    ("run", "settings: {lr: 1}", 7, "settings: unknown setting 'lr': did you mean 'learning_rate'?"),
    ("run", "preset: moon", 7, "preset: unknown preset 'moon': did you mean 'moons'?"),
    ("run", "show: [loss, weights]", 7, "show: unknown word 'weights'"),
    ("run", "title: a\nexpect:\n  - loss < 1\n  - lose < 1", 10, "expect: unknown measure 'lose': did you"),
    ("run", "expect: [a.loss < 1]", 7, "expect: a measure must say of which run it is: loss, got 'a.loss'"),
    ("run", "expect: [loss = 1]", 7, "expect: a number must be compared with one of <=, >=, <, >"),
    ("run", "expect: [status = gone]", 7, "expect: status must be compared as"),
    ("run", "expect: [loss below 1]", 7, "expect: an expectation must be"),
    ("run", "look: 3", 7, "look: must be text, got 3"),
    ("run", "title: a\ntitle: b", 8, "each key must be given once, got 'title' again in line 8"),
    ("run", "settings: {a: *b}", 7, "a run block must spell everything out"),
    ("run", "title: a\nsettings: [", 8, "a run block must be YAML: line 8, "),
    ("run", "- 1", 6, "a run block must be keys with values, got [1]"),
    ("pair", "measure: loss", 6, "a pair block must have change, got measure"),
    (
        "pair",
        "change: {epochs: 1, seed: 1}\nmeasure: loss",
        7,
        "change: must change exactly one setting, got 2",
    ),
    ("pair", "change: {epochs: 100}\nmeasure: loss", 7, "change: epochs must differ from run to run"),
    ("pair", "change: {epochs: 10}\nmeasure: status", 8, "measure: unknown measure 'status'"),
    ("pair", "change: {epochs: 1}\nmeasure: steps\ncure: c", 8, "measure: must be a measure of which one"),
    ("pair", "change: {epochs: 1}\nmeasure: loss\nnames: [a]", 9, "names: must be 2 names, got 1"),
    (
        "pair",
        "change: {epochs: 1}\nmeasure: loss\nexpect: [loss < 1]",
        9,
        "expect: a measure must say of which",
    ),
    ("runs", "vary: {epochs: [3]}", 7, "vary: epochs must be 2 to 5 values, got [3]"),
    ("runs", "vary: {epochs: [3, 4, 3]}", 7, "vary: epochs must differ from run to run, got 3 twice"),
    ("runs", "vary: {epochs: [3, 0]}", 7, "vary: epochs must be >= 1, got 0"),
    (
        "runs",
        "vary: {epochs: [3, 4]}\nequal: time",
        8,
        "equal: must be one of epochs, samples, steps, got 'time'",
    ),
    ("runs", "vary: {epochs: [3, 4]}\ntable: [los]", 8, "table: unknown measure 'los': did you mean 'loss'?"),
    ("step", "step: 1", 6, "a step block must have neuron, or preset and settings, and not both"),
    ("step", "neuron: {z: 1}", 7, "neuron: unknown value of a neuron 'z'"),
    ("step", "neuron: {x: one}", 7, "neuron: x must be a number, got 'one'"),
    ("step", "neuron: {activation: rleu}", 7, "neuron: unknown activation 'rleu': did you mean 'relu'?"),
    ("step", "settings: {}\nstep: -1", 8, "step: must be >= 0, got -1"),
    ("code", "settings: {}\nframework: jax", 8, "framework: must be one of numpy, pytorch, got 'jax'"),
    (
        "question",
        "ask: a\nchoices: [b, c]\nbecause: d",
        6,
        "a question block must have answer with such choices",
    ),
    ("question", "ask: a\nchoices: [b]\nanswer: 1\nbecause: d", 8, "choices: must be 2 to 6 choices, got 1"),
    (
        "question",
        "ask: a\nchoices: [b, c]\nanswer: 3\nbecause: d",
        9,
        "answer: must be a choice from 1 to 2, got 3",
    ),
    (
        "question",
        "ask: a\nchoices: [{text: b, holds: loss < 1}, {text: c, holds: loss > 1}]\nbecause: d",
        6,
        "choices with holds must have a run to speak of: give preset or settings",
    ),
    (
        "question",
        "ask: a\nsettings: {}\nchoices: [{text: b, holds: loss < 1}, c]\nbecause: d",
        9,
        "choices: all must have holds, or all change, or none of them either",
    ),
    (
        "question",
        "ask: a\nsettings: {}\nbest: low loss\n"
        "choices: [{text: b, change: {epochs: 1}}, {text: c, change: {}}]\nbecause: d",
        9,
        "best: must be 'highest <measure>' or 'lowest <measure>', got 'low loss'",
    ),
    (
        "question",
        "ask: a\nsettings: {}\nchoices: [b, c]\nanswer: 1\nbecause: about {los}",
        11,
        "because: unknown measure 'los': did you mean 'loss'?",
    ),
    (
        "question",
        "ask: a\nchoices: [b, c]\nanswer: 1\nbecause: about {loss}",
        10,
        "because: there is no run to measure, got 'loss'",
    ),
]


@pytest.mark.parametrize(("kind", "text", "line", "sentence"), WRONG)
def test_a_wrong_block_is_one_sentence_with_file_and_line(
    kind: str, text: str, line: int, sentence: str
) -> None:
    said = sentence_of(block(kind, text))
    assert said.startswith(f"lessons/07-x.md, line {line}: {sentence}"), said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no head", "lessons/07-x.md, line 1: a lesson must begin with title, minutes and after"),
        (
            "---\ntitle: a\nafter: b\n---\n",
            "lessons/07-x.md, line 1: a lesson's head block must have minutes",
        ),
        (
            "---\ntitle: a\nminutes: 0\nafter: b\n---\n",
            "lessons/07-x.md, line 3: minutes: must be more than 0",
        ),
        (f"{HEAD}text\n```run\n", "lessons/07-x.md, line 7: a block must be closed by ```, got none"),
    ],
)
def test_a_head_or_a_block_without_an_end_is_one_sentence(text: str, sentence: str) -> None:
    assert sentence_of(text).startswith(sentence)


def test_a_broken_lesson_says_why_and_the_others_work(tmp_path: Path) -> None:
    (tmp_path / "01-good.md").write_text(f"{HEAD}Text\n", "utf-8")
    (tmp_path / "02-bad.md").write_text(block("run", "settings: {epochs: 0}"), "utf-8")
    (tmp_path / "Three.md").write_text(f"{HEAD}Text\n", "utf-8")
    (tmp_path / "04-bytes.md").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "README.md").write_text("not a lesson", "utf-8")
    good, *others = read_lessons([tmp_path])
    assert isinstance(good, Lesson)
    assert all(isinstance(each, BrokenLesson) for each in others)
    sentences = [each.sentence for each in others if isinstance(each, BrokenLesson)]
    assert sentences[0] == f"{tmp_path.name}/02-bad.md, line 7: settings: epochs must be >= 1, got 0"
    assert "must be readable text" in sentences[1]
    assert "the name must be a number and words" in sentences[2]


def test_a_folder_of_ones_own_adds_lessons_and_replaces_those_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, own = tmp_path / "ours", tmp_path / "own"
    for folder, name, title in (
        (ours, "01-a", "A"),
        (ours, "02-b", "B"),
        (ours, "quiz", "Quiz"),
        (own, "07-b", "another B"),
        (own, "01-c", "C"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(HEAD.replace("title: A", f"title: {title}") + "Text\n", "utf-8")
    titles = [each.title for each in read_lessons([ours, own]) if isinstance(each, Lesson)]
    assert titles == ["A", "another B", "C", "Quiz"]
    monkeypatch.setenv(FOLDER_VARIABLE, str(own))
    assert lesson_folders()[1:] == [own]
    assert read_lessons([tmp_path / "nowhere"]) == []


def test_a_file_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "01-a.md"
    path.write_text(f"{HEAD}Text\n", "utf-8")
    (before,) = read_lessons([tmp_path])
    path.write_text(HEAD.replace("title: A", "title: Another"), "utf-8")
    (after,) = read_lessons([tmp_path])
    assert isinstance(before, Lesson) and isinstance(after, Lesson)
    assert (before.title, after.title) == ("A", "Another")


def examples_of_the_format() -> list[tuple[str, str]]:
    """Return the example of each kind of block in the page on the format."""
    text = FORMAT.read_text("utf-8").partition("## Blocks")[2].partition("## Expectations")[0]
    found = []
    for part in text.split("\n### ")[1:]:
        kind, _, rest = part.partition("\n")
        found += [(kind, example) for example in re.findall(r"```text\n(.*?)```", rest, re.DOTALL)]
    return found


def test_the_examples_of_the_page_on_the_format_can_be_read() -> None:
    examples = examples_of_the_format()
    assert {kind for kind, _ in examples} == {"run", "pair", "runs", "question"}
    for kind, example in examples:
        (part,) = read(block(kind, example)).parts
        assert isinstance(part, Question | Experiment)
    assert {part for part in READERS if f"### {part}\n" not in FORMAT.read_text("utf-8")} == set()
