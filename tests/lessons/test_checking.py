"""What lessons claim is trained and checked: expectations, answers, cures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.lessons.checking import check_lesson
from engine.lessons.cures import SEEDS, cures_of
from engine.lessons.lesson import BrokenLesson, Lesson, LessonError
from engine.lessons.questions import right_choice
from engine.lessons.reading import FOLDER_VARIABLE, lesson_from_text, read_lessons
from engine.lessons.training import train_experiment, values_of
from tests.lessons.test_reading import EXAMPLES, block

SMALL = "settings: {samples: 100, epochs: 3, hidden_sizes: [4]}"
LESSONS = [*read_lessons(), *read_lessons([EXAMPLES])]
SLUGS = frozenset(each.slug for each in LESSONS)


def lesson(kind: str, text: str) -> Lesson:
    """Return a lesson with a single block."""
    return lesson_from_text(block(kind, text), "lessons/07-x.md", "x", 7)


@pytest.mark.parametrize("each", LESSONS, ids=lambda each: each.file)
def test_everything_that_a_lesson_claims_holds(each: Lesson | BrokenLesson) -> None:
    assert isinstance(each, Lesson), each.sentence
    failed = [f"{found.place}: {found.sentence}" for found in check_lesson(each, SLUGS) if not found.holds]
    assert failed == []


def test_a_claim_that_does_not_hold_is_found_with_its_line_and_numbers() -> None:
    (first, second) = check_lesson(lesson("run", f"{SMALL}\nexpect:\n  - loss < 1e-9\n  - loss > 0"), SLUGS)
    assert (first.holds, second.holds) == (False, True)
    assert first.place == "lessons/07-x.md, line 9" and first.sentence.startswith("loss < 1e-9: 0.")


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (
            "run",
            "settings: {samples: 20, batch_size: 100}",
            "batch_size must be at most the 15 training rows",
        ),
        ("run", "settings: {epochs: 1000000}", "the runs of a block must take about 3 s at most, got about"),
        ("run", "settings: {dataset: table, table: " + 64 * "a" + ", target: y}", "dataset must be one that"),
        (
            "pair",
            "settings: {activation: sigmoid}\nchange: {activation: relu}\nmeasure: loss",
            "runs must differ in activation alone: initializer auto stands for xavier_uniform in one and",
        ),
        (
            "step",
            "settings: {samples: 20, epochs: 1, batch_size: full}\nstep: 9",
            "step must be from 0 to 0, got 9",
        ),
        (
            "step",
            "settings: {samples: 20, epochs: 1, batch_size: full}\nrow: 99",
            "row must be a training row from 0 to 14",
        ),
        (
            "question",
            f"ask: a\nbecause: d\n{SMALL}\n"
            "choices: [{text: b, holds: loss > 0}, {text: c, holds: loss > -1}]",
            "exactly one choice must hold, got 2 (loss > 0: 0.",
        ),
        (
            "question",
            f"ask: a\nbecause: d\n{SMALL}\n"
            "choices: [{text: b, holds: loss < 0}, {text: c, holds: loss < -1}]",
            "exactly one choice must hold, got 0 (loss < 0: 0.",
        ),
        (
            "question",
            f"ask: a\n{SMALL}\nbest: lowest parameters\n"
            "choices: [{text: b, change: {seed: 1}}, {text: c, change: {seed: 2}}]\nbecause: d",
            "one choice must have the lowest parameters, got 2 with 17",
        ),
        (
            "question",
            "ask: a\nchoices: [b, c]\nanswer: 1\nbecause: d\nlesson: nowhere",
            "lesson must be the name",
        ),
    ],
)
def test_a_block_that_cannot_be_shown_is_one_sentence_with_its_line(
    kind: str, text: str, sentence: str
) -> None:
    found = [each for each in check_lesson(lesson(kind, text), SLUGS) if not each.holds]
    assert [each.place for each in found] == ["lessons/07-x.md, line 6"]
    assert found[0].sentence.startswith(sentence), found[0].sentence


def test_the_right_choice_is_the_one_that_holds_or_the_best_of_all_trained() -> None:
    (quiz,) = (each for each in read_lessons([EXAMPLES]) if each.slug == "quiz")
    assert isinstance(quiz, Lesson)
    right = [
        right_choice(each, values_of(train_experiment(each.experiment)) if each.experiment else {})
        for each in quiz.questions
    ]
    assert right == [1, 0, 0]


def test_the_best_choice_passes_over_one_that_diverged() -> None:
    (question,) = lesson(
        "question",
        "ask: a\npreset: exploding\nsettings: {epochs: 2}\nbest: highest score\n"
        "choices: [{text: as it is, change: {}}, {text: clipped, change: {clip_norm: 1}}]\nbecause: d",
    ).questions
    assert question.experiment is not None
    assert right_choice(question, values_of(train_experiment(question.experiment))) == 1
    with pytest.raises(LessonError, match="one choice must have the highest score, got none that has one"):
        right_choice(question, {label: {"score": float("nan")} for label in ("1", "2")})


def test_a_pair_may_leave_open_what_has_no_effect_in_one_of_its_runs() -> None:
    (pair,) = lesson("pair", f"{SMALL}\nchange: {{weight_decay: 0.1}}\nmeasure: loss").experiments
    assert train_experiment(pair)["b"].config.decay_kind == "coupled"


def test_runs_with_equal_steps_make_as_many_updates_as_the_one_with_the_fewest() -> None:
    (runs,) = lesson("runs", f"{SMALL}\nvary: {{batch_size: [8, full]}}\nequal: steps").experiments
    assert [each["steps"] for each in values_of(train_experiment(runs)).values()] == [3, 3]


def cure(change: str, measure: str) -> bool:
    """Tell whether ten seeds show that a change makes a measure better."""
    settings = "settings: {samples: 60, epochs: 2, hidden_sizes: [4]}"
    text = f"{settings}\nchange: {change}\nmeasure: {measure}\ncure: c"
    (found,) = cures_of([lesson("pair", text)])
    assert found.difference.interval.n == SEEDS
    return found.holds


def test_a_cure_holds_where_the_whole_interval_lies_on_the_better_side() -> None:
    assert cure("{learning_rate: 0.05}", "loss")
    assert not cure("{learning_rate: 1e-6}", "loss")
    assert not cure("{data_seed: 5}", "score")


@pytest.fixture
def engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str]]:
    """Runs the command on a folder of lessons; returns status and what it printed."""
    monkeypatch.setattr("engine.lessons.reading.LESSONS", tmp_path / "nowhere")

    def run(folder: Path, *arguments: str) -> tuple[object, str]:
        monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
        monkeypatch.setattr("sys.argv", ["engine", "lessons", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return left.value.code, printed.out + printed.err

    return run


def test_the_command_lists_lessons_and_checks_them(engine, tmp_path: Path) -> None:
    status, printed = engine(EXAMPLES)
    assert status == 0 and "two-rates: Two learning rates (2 min)" in printed and "holds" not in printed
    status, printed = engine(EXAMPLES, "--check", "--only", "quiz")
    assert status == 0 and printed.count("holds") == 3 and "two-rates" not in printed
    (tmp_path / "01-x.md").write_text(block("run", f"{SMALL}\nexpect: [loss < 0]"), "utf-8")
    status, printed = engine(tmp_path, "--check")
    assert status == 1 and f"FAILS  {tmp_path.name}/01-x.md, line 8: loss < 0: 0." in printed
    status, printed = engine(tmp_path, "--check", "--json")
    assert status == 1 and '"holds": false' in printed
    status, printed = engine(tmp_path, "--only", "quizz")
    assert status == 2 and "unknown lesson 'quizz'" in printed


def test_a_broken_lesson_fails_the_check_and_is_listed(engine, tmp_path: Path) -> None:
    (tmp_path / "01-x.md").write_text("nothing", "utf-8")
    assert engine(tmp_path)[0] == 0
    status, printed = engine(tmp_path, "--check")
    assert status == 1 and "x: cannot be shown" in printed
