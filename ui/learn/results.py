"""What the runs of a lesson came to: trained once a server, for all windows, and never stored."""

from typing import Any

import pandas as pd
import streamlit as st

from engine.config import config_from_json
from engine.lessons.lesson import Experiment, Question
from engine.lessons.measures import Values
from engine.lessons.questions import right_choice
from engine.lessons.training import experiment_updates, prepared, train_one
from engine.training.telemetry import SCALARS
from ui.replay.frames_cache import ReplayFrames, frames_of

RUNS_KEPT, FRAMES_KEPT = 48, 16

# Of one run, plain values: ``scalars``, ``layers``, ``snapshots``, ``values`` (its measures), ``score`` (its
# name), ``rows`` (to learn from). Nobody may write into them.
Result = dict[str, Any]


def results_of(experiment: Experiment) -> dict[str, Result]:
    """Return what the runs of an experiment came to, by label.

    Raises
    ------
    LessonError
        Where it cannot be trained.
    """
    updates = experiment_updates(experiment)
    return {
        label: _trained(config.to_json(), last, experiment.target)
        for label, config, last in zip(experiment.labels, experiment.configs, updates, strict=True)
    }


def values_of(results: dict[str, Result]) -> dict[str, Values]:
    """Return the measures of runs by label."""
    return {label: each["values"] for label, each in results.items()}


def scores_of(results: dict[str, Result]) -> dict[str, str]:
    """Return what the score of each run is, by label."""
    return {label: each["score"] for label, each in results.items()}


def frames_of_experiment(experiment: Experiment) -> dict[str, ReplayFrames]:
    """Return the replay of each run of an experiment, by label."""
    updates = experiment_updates(experiment)
    return {
        label: _frames(config.to_json(), last, experiment.target)
        for label, config, last in zip(experiment.labels, experiment.configs, updates, strict=True)
    }


def right_answer(question: Question) -> int:
    """Return the place of the right choice, from 0; its runs are trained where they decide.

    Raises
    ------
    LessonError
        Where no choice is right, or several are.
    """
    results = results_of(question.experiment) if question.experiment and not question.answer else {}
    return right_choice(question, values_of(results))


def frame_of(result: Result) -> pd.DataFrame:
    """Return the records of a run as figures take them, with the rows seen at each."""
    frame = pd.DataFrame(result["scalars"], columns=list(SCALARS.names))
    return frame.assign(samples=frame["epoch"] * result["rows"])


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _trained(config_json: str, updates: int | None, target: float | None) -> Result:
    run = train_one(config_from_json(config_json), updates=updates, target=target)
    return {
        "scalars": run.scalars,
        "layers": run.layers,
        "snapshots": run.snapshots,
        "values": run.values,
        "score": run.dataset.score_name,
        "rows": len(run.dataset.x_train),
    }


@st.cache_resource(max_entries=FRAMES_KEPT, show_spinner=False)
def _frames(config_json: str, updates: int | None, target: float | None) -> ReplayFrames:
    config, dataset, _ = prepared(config_from_json(config_json))
    return frames_of(config, dataset, _trained(config_json, updates, target)["snapshots"])
