"""What a lesson says in words about measured numbers: a difference, a table."""

from collections.abc import Mapping

from engine.lessons.lesson import Experiment
from engine.lessons.measures import MEASURES, Values, format_measure, is_better
from ui.shared.text import as_markdown

LARGE_FACTOR = 10.0


def describe_pair(experiment: Experiment, values: Mapping[str, Values], score: str) -> str:
    """Say what a pair measured, in Markdown: ``Loss: 0.7 (tanh), 0.3 (relu): lower by 0.4.``."""
    measure = experiment.measures[0]
    first, second = (values[label][measure] for label in experiment.labels)
    words = words_of(measure, score)
    told = [
        f"{format_measure(measure, value, score)} ({name})"
        for value, name in zip((first, second), experiment.names, strict=True)
    ]
    difference = _difference(measure, first, second)
    said = as_markdown(f"{words[0].upper()}{words[1:]}: {told[0]}, {told[1]}{difference}.")
    return f"**{said}**"


def _difference(measure: str, first: float | str, second: float | str) -> str:
    """Return in how far the second value differs from the first, as the end of a sentence."""
    if isinstance(first, str) or isinstance(second, str) or not abs(first) < float("inf") > abs(second):
        return ""
    if first == second:
        return ": no difference"
    low, high = sorted((first, second))
    word = "higher" if second > first else "lower"
    if low > 0 and high / low >= LARGE_FACTOR:
        return f": {word} by a factor of {_short(high / low)}"
    if format_measure(measure, 1.0).endswith("%"):
        return f": {word} by {100 * (high - low):.1f} points"
    return f": {word} by {format_measure(measure, high - low)}"


def _short(factor: float) -> str:
    return f"{factor:,.0f}" if factor < 1e4 else f"{factor:.1e}".replace("e+0", "e").replace("e+", "e")


def table_of(experiment: Experiment, values: Mapping[str, Values], scores: Mapping[str, str]) -> str:
    """Return the measures of several runs as a Markdown table; the best of each column is bold."""
    names = experiment.measures
    head = ["", *(as_markdown(words_of(name, next(iter(scores.values())))) for name in names)]
    best = {name: _best(name, values) for name in names}
    lines = [
        [
            as_markdown(run, 40),
            *(
                f"**{text}**" if label == best[name] else text
                for name in names
                for text in [as_markdown(format_measure(name, values[label][name], scores[label]))]
            ),
        ]
        for label, run in zip(experiment.labels, experiment.names, strict=True)
    ]
    rows = ["| " + " | ".join(row) + " |" for row in (head, ["---"] + ["---:"] * len(names), *lines)]
    return "\n".join(rows)


def words_of(name: str, score: str) -> str:
    """Return what people call a measure of a run whose score is an accuracy, or R²."""
    return MEASURES[name].words.replace("score", "R²" if score == "r2" else score)


def _best(name: str, values: Mapping[str, Values]) -> str:
    """Return the label of the run that is best by a measure; empty where none is better than all others."""
    found = {label: each[name] for label, each in values.items()}
    for label, value in found.items():
        if all(is_better(name, value, other) for place, other in found.items() if place != label):
            return label
    return ""
