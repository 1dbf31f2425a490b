"""Trains what lessons claim to help over several seeds, and says by how much it does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.analysis.statistics import Difference, paired_difference
from engine.config import RunConfig
from engine.config.seeds import seeded
from engine.lessons.lesson import Experiment, Lesson
from engine.lessons.measures import LOWER, MEASURES
from engine.lessons.training import train_one

SEEDS = 10


@dataclass(frozen=True)
class Cure:
    """A claim, and what several seeds say of it.

    Attributes
    ----------
    lesson : Lesson
    experiment : Experiment
        The pair that claims it.
    means : (float, float)
        Of its measure, without and with the change.
    difference : Difference
        With the change minus without, paired by seed; of the seeds for which both are finite.
    """

    lesson: Lesson
    experiment: Experiment
    means: tuple[float, float]
    difference: Difference

    @property
    def measure(self) -> str:
        """What was measured."""
        return self.experiment.measures[0]

    @property
    def holds(self) -> bool:
        """Whether the whole 95 % interval lies on the side that is better, over all seeds."""
        interval = self.difference.interval
        sign = -1 if MEASURES[self.measure].better == LOWER else 1
        return interval.n == SEEDS and sign * interval.mean - interval.half > 0


def cures_of(lessons: Sequence[Lesson]) -> Iterator[Cure]:
    """Train each pair that claims a cure over ten seeds, those after its own, and give what came out.

    Both runs of a pair have the same seed, so that they start from the same weights where these have the
    same shapes, and see the same batches.

    Raises
    ------
    ConfigError
        Where a pair cannot be trained.
    """
    for lesson in lessons:
        for experiment in lesson.experiments:
            if experiment.cure:
                yield _cure(lesson, experiment)


def _cure(lesson: Lesson, experiment: Experiment) -> Cure:
    without, with_change = (
        _by_seed(config, experiment.measures[0], experiment.target) for config in experiment.configs
    )
    means = float(np.mean(list(without.values()))), float(np.mean(list(with_change.values())))
    return Cure(lesson, experiment, means, paired_difference(_finite(with_change), _finite(without)))


def _by_seed(config: RunConfig, measure: str, target: float | None) -> dict[int, float]:
    found = {}
    for each in seeded(config, SEEDS):
        value = train_one(each, target=target).values[measure]
        assert not isinstance(value, str)
        found[each.seed] = value
    return found


def _finite(values: dict[int, float]) -> dict[int, float]:
    return {seed: value for seed, value in values.items() if np.isfinite(value)}
