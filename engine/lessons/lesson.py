"""What a lesson is made of: prose, experiments, steps, questions, code."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.config import ConfigError, RunConfig
from engine.lessons.expectations import Expectation

SHOWS = ("loss", "score", "gradients", "network")
EQUALS = ("epochs", "samples", "steps")
QUIZ = "quiz"


class LessonError(ConfigError):
    """A lesson that cannot be used; its text is one sentence with file and line."""


@dataclass(frozen=True)
class Prose:
    """Markdown between the blocks; ``place`` is file and line, as in all parts of a lesson."""

    text: str
    place: str


@dataclass(frozen=True)
class Experiment:
    """One run, or several that differ in one setting; of a question's choices in several.

    Attributes
    ----------
    kind : str
        ``run``, ``pair``, ``runs`` or ``choices``.
    configs : tuple of RunConfig
        Not resolved.
    labels : tuple of str
        What expectations call them: an empty one for a single run, ``a`` and ``b`` for a pair, otherwise
        ``1``, ``2``, ...
    names : tuple of str
        What the screen calls them.
    setting : str
        What a pair, or several runs, differ in; empty otherwise.
    equal : str
        What several runs have in common: ``epochs``, ``samples`` or ``steps``.
    show : tuple of str
        What is drawn, out of :data:`SHOWS`.
    look : str
        What to look at, in Markdown.
    expect : tuple of Expectation
    measures : tuple of str
        That of a pair, or the columns of a table.
    cure : str
        What a pair claims; empty where it claims nothing.
    target : float or None
        The training loss that ``samples_to_loss`` waits for.
    """

    kind: str
    place: str
    configs: tuple[RunConfig, ...]
    labels: tuple[str, ...] = ("",)
    names: tuple[str, ...] = ("",)
    setting: str = ""
    equal: str = "epochs"
    title: str = ""
    show: tuple[str, ...] = ("loss",)
    look: str = ""
    expect: tuple[Expectation, ...] = ()
    measures: tuple[str, ...] = ()
    cure: str = ""
    target: float | None = None


@dataclass(frozen=True)
class Step:
    """One training step to be taken apart: of a single neuron, or of a network at a step.

    Attributes
    ----------
    neuron : mapping
        ``x``, ``w``, ``b``, ``y``, ``rate`` and ``activation``; empty where ``config`` is given.
    step : int
        How many updates come before it.
    row : int
        The training row that is the whole batch.
    """

    place: str
    neuron: Mapping[str, float | str] = field(default_factory=dict)
    config: RunConfig | None = None
    step: int = 0
    row: int = 0
    title: str = ""
    look: str = ""


@dataclass(frozen=True)
class Choice:
    """One answer to a question, and what says whether it is the right one.

    Attributes
    ----------
    holds : Expectation or None
        Right where it holds; None where the question's ``answer`` or ``best`` decides.
    """

    text: str
    holds: Expectation | None = None


@dataclass(frozen=True)
class Question:
    """A question to be answered before its runs are seen.

    Attributes
    ----------
    answer : int
        Number of the right choice, from 1; 0 where runs decide.
    best : tuple of str
        ``highest`` or ``lowest`` and a measure, where each choice is a run; otherwise empty.
    because : str
        Markdown; ``{measure}`` and ``{a.measure:.3g}`` stand for what was measured.
    experiment : Experiment or None
        What is trained for it, and shown after the answer.
    lesson : str
        Slug of the lesson that answers it; may be empty.
    """

    place: str
    ask: str
    choices: tuple[Choice, ...]
    because: str
    answer: int = 0
    best: tuple[str, ...] = ()
    experiment: Experiment | None = None
    lesson: str = ""


@dataclass(frozen=True)
class Code:
    """The first training step of a network as a script, in NumPy or PyTorch."""

    place: str
    config: RunConfig
    framework: str = "numpy"
    title: str = ""


Part = Prose | Experiment | Step | Question | Code


@dataclass(frozen=True)
class Lesson:
    """A lesson that can be shown.

    Attributes
    ----------
    file : str
        Folder and name, as sentences call it.
    number : int or None
        Its place; None for the quiz.
    minutes : float
        About how long it takes.
    after : str
        What can be done afterwards, in one sentence.
    """

    slug: str
    file: str
    number: int | None
    title: str
    minutes: float
    after: str
    parts: tuple[Part, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Its questions, in order."""
        return tuple(part for part in self.parts if isinstance(part, Question))

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """All that it trains, those of its questions among them, in order."""
        found = (part.experiment if isinstance(part, Question) else part for part in self.parts)
        return tuple(each for each in found if isinstance(each, Experiment))


@dataclass(frozen=True)
class BrokenLesson:
    """A lesson that cannot be shown, and the one sentence that says why."""

    slug: str
    file: str
    number: int | None
    sentence: str
