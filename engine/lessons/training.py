"""Trains what a block describes, in memory: records, snapshots and measures, and nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.config import ConfigError, RunConfig, config_from_json
from engine.config.data import TABLE, DataSettings
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.lessons.lesson import Experiment, LessonError
from engine.lessons.measures import Values, measured
from engine.training.model import initial_state
from engine.training.plan import TrainingPlan, expected_seconds, plan
from engine.training.trainer import Training

# What may follow from the setting that is changed without being named: when losses are measured, and which
# rows share a batch.
MAY_FOLLOW = ("evaluation", "last_batch")
# What a reader waits for: about, by the plan, and of one block together.
SECONDS_AT_MOST = 3.0
FRAMES_AT_MOST = 60
AUTO = "auto"


@dataclass(frozen=True, eq=False)
class Trained:
    """A run that has ended.

    Attributes
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    scalars, was_measured, layers : numpy.ndarray
        All records, one behind the other along the first axis, see :class:`engine.training.telemetry.Record`.
    snapshots : mapping
        By step, ascending, what was learned; 60 at most, first and last among them.
    values : dict
        Its measures.
    """

    config: RunConfig
    dataset: Dataset
    scalars: np.ndarray
    was_measured: np.ndarray
    layers: np.ndarray
    snapshots: Mapping[int, Mapping[str, np.ndarray]]
    values: Values


def prepared(config: RunConfig) -> tuple[RunConfig, Dataset, TrainingPlan]:
    """Return the resolved configuration, its data and its plan.

    Raises
    ------
    ConfigError
        Where the settings do not fit the data, or name a table of one's own.
    """
    if config.dataset == TABLE:
        raise ConfigError(f"dataset must be one that everybody has, got {TABLE}")
    dataset = _dataset(config.model_dump_json(include=set(DataSettings.model_fields)))
    resolved = resolve(config, dataset.facts)
    return resolved, dataset, plan(resolved, dataset)


def train_one(config: RunConfig, *, updates: int | None = None, target: float | None = None) -> Trained:
    """Train a run to its end.

    Parameters
    ----------
    config : RunConfig
    updates : int, optional
        Ends it after so many updates, where the plan has more; the last record may lie before them.
    target : float, optional
        The training loss that ``samples_to_loss`` waits for.

    Raises
    ------
    ConfigError
        As :func:`prepared` does.
    """
    resolved, dataset, planned = prepared(config)
    state, records, snapshots = initial_state(resolved, dataset), [], {}
    training = Training([resolved], dataset, [state])
    training.until = last = planned.total_steps if updates is None else min(updates, planned.total_steps)
    kept = _kept_steps(planned, last)
    for record in training.records([state]):
        if record is not None:
            records.append(record)
            if record.step in kept:
                snapshots[record.step] = {name: array.copy() for name, array in state.learned.items()}
        if state.step >= last:
            break
    scalars, layers = (np.stack([getattr(each, name) for each in records]) for name in ("scalars", "layers"))
    was_measured = np.stack([each.measured for each in records])
    snapshots[int(state.step)] = {name: array.copy() for name, array in state.learned.items()}
    values = measured(resolved, dataset, planned, state, (scalars, layers), target)
    return Trained(resolved, dataset, scalars, was_measured, layers, snapshots, values)


def experiment_updates(experiment: Experiment) -> list[int | None]:
    """Return after how many updates each run ends; None for the end of its plan.

    Raises
    ------
    LessonError
        Where an experiment would take longer than a reader waits, its runs do not fit their data, or differ
        in more than the setting that it changes.
    """
    try:
        plans = [(*prepared(config), config) for config in experiment.configs]
        total = sum(expected_seconds(planned, dataset) for _, dataset, planned, _ in plans)
        if total > SECONDS_AT_MOST:
            raise ConfigError(
                f"the runs of a block must take about {SECONDS_AT_MOST:g} s at most, got about "
                f"{total:.1f} s: take fewer epochs, rows or units"
            )
        if experiment.setting not in ("", "dataset"):
            _refuse_what_follows([(config, resolved) for resolved, _, _, config in plans], experiment.setting)
    except ConfigError as error:
        raise LessonError(f"{experiment.place}: {error}") from None
    if experiment.equal != "steps":
        return [None] * len(plans)
    fewest = min(planned.total_steps for _, _, planned, _ in plans)
    return [fewest] * len(plans)


def train_experiment(experiment: Experiment) -> dict[str, Trained]:
    """Train all runs of an experiment, by label.

    Raises
    ------
    LessonError
        As :func:`experiment_updates` does.
    """
    updates = experiment_updates(experiment)
    return {
        label: train_one(config, updates=last, target=experiment.target)
        for label, config, last in zip(experiment.labels, experiment.configs, updates, strict=True)
    }


def values_of(trained: Mapping[str, Trained]) -> dict[str, Values]:
    """Return the measures of runs by label."""
    return {label: each.values for label, each in trained.items()}


def _refuse_what_follows(pairs: list[tuple[RunConfig, RunConfig]], setting: str) -> None:
    """Refuse runs that differ in a setting which was left to follow from the one that is changed."""
    (given, first), *others = pairs
    for _, other in others:
        for name in type(given).model_fields:
            values = getattr(first, name), getattr(other, name)
            # Where one of them stays open it has no effect there, and there is nothing to be named.
            is_decided = getattr(given, name) == AUTO and AUTO not in values
            if name not in (setting, *MAY_FOLLOW) and is_decided and values[0] != values[1]:
                raise ConfigError(
                    f"runs must differ in {setting} alone: {name} auto stands for {values[0]} in one and "
                    f"{values[1]} in another; name it in settings"
                )


def _kept_steps(planned: TrainingPlan, last: int) -> set[int]:
    steps = np.array(sorted(step for step in planned.snapshot_steps if step <= last))
    places = np.linspace(0, len(steps) - 1, min(FRAMES_AT_MOST, len(steps))).round().astype(int)
    return set(steps[places].tolist())


@lru_cache(maxsize=32)
def _dataset(settings: str) -> Dataset:
    """Return the data of some settings, as JSON; it is not to be written into."""
    return build_dataset(config_from_json(settings))
