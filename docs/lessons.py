"""Writes docs/lessons.md: what the lessons claim to help, tried on ten seeds (``make lessons``)."""

import sys
from collections.abc import Iterable
from pathlib import Path

from docs.blocks import write_block
from docs.tables import table
from engine.config import ConfigError
from engine.lessons.blocks import value_word
from engine.lessons.cures import SEEDS, Cure, cures_of
from engine.lessons.lesson import BrokenLesson, Lesson
from engine.lessons.measures import MEASURES
from engine.lessons.reading import read_lessons
from engine.paths import LESSONS

DOCUMENT = Path(__file__).with_name("lessons.md")
HEAD = ("lesson", "claim", "setting", "measure", "without", "with", "difference, 95 % interval")


def cures_table(cures: Iterable[Cure]) -> str:
    """Return the claims, a row each, with the mean difference over the seeds and its interval."""
    return table(HEAD, [_row(cure) for cure in cures])


def _row(cure: Cure) -> tuple[str, ...]:
    experiment, interval = cure.experiment, cure.difference.interval
    first, second = (getattr(config, experiment.setting) for config in experiment.configs)
    words = f"{MEASURES[cure.measure].words}, {MEASURES[cure.measure].better} is better"
    low, high = interval.mean - interval.half, interval.mean + interval.half
    return (
        f"`{cure.lesson.slug}`",
        experiment.cure,
        f"`{experiment.setting}`: {value_word(first)} → {value_word(second)}",
        words,
        *(f"{mean:.4g}" for mean in cure.means),
        f"{interval.mean:+.4g} ({low:+.4g} to {high:+.4g})",
    )


def main() -> int:
    """Write and print the table; return 1 where a lesson is broken or a claim does not hold."""
    lessons = read_lessons([LESSONS])
    broken = [each.sentence for each in lessons if isinstance(each, BrokenLesson)]
    try:
        cures = list(cures_of([each for each in lessons if isinstance(each, Lesson)]))
    except ConfigError as error:
        broken, cures = [*broken, str(error)], []
    if not broken:
        write_block(DOCUMENT, "cures", cures_table(cures))
        print(cures_table(cures))
    failed = [f"{cure.experiment.place}: not shown by {SEEDS} seeds" for cure in cures if not cure.holds]
    for sentence in (*broken, *failed):
        print(sentence, file=sys.stderr)
    return int(bool(broken or failed))


if __name__ == "__main__":
    raise SystemExit(main())
