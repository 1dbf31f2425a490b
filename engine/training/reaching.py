"""Reaches a step of a run again, exactly as its training did."""

from collections.abc import Sequence

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.training.interventions import Change
from engine.training.state import State
from engine.training.trainer import Training


def reach(
    config: RunConfig, dataset: Dataset, state: State, step: int, changes: Sequence[Change] = ()
) -> None:
    """Train ``state`` until it has made ``step`` updates, in place, and make what was changed by hand there.

    Evaluations take place as they did: schedules and patience go by them. Whoever trained it kept records;
    nothing is kept here.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    state : State
        At this step or before it.
    changes : sequence of Change
        All of the run, in the order in which they act.
    """
    training = Training([config], dataset, [state], changes)
    training.until = step
    with training.flushing:
        if state.recorded_step < 0:
            training.first_record()
        while state.step < step:
            training.advance()
    training.make_changes()
