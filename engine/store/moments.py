"""A run at one of its steps, exactly as its training had it there."""

from dataclasses import dataclass

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.store.checkpoints import latest_checkpoint
from engine.store.interventions import read_changes
from engine.store.loading import loaded
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.store import Store
from engine.training.model import check_state, initial_state
from engine.training.reaching import reach
from engine.training.state import State


@dataclass(frozen=True, eq=False)
class Moment:
    """A run before one of its updates.

    Attributes
    ----------
    row : RunRow
    config : RunConfig
        Resolved.
    dataset : Dataset
    state : State
        After ``state.step`` updates; what was changed by hand before the next one is in it.
    """

    row: RunRow
    config: RunConfig
    dataset: Dataset
    state: State


def moment_of(store: Store, run_id: int, step: int) -> Moment:
    """Return a run as it stood after ``step`` updates.

    Trained on from the nearest checkpoint before, else from the start: on the machine that trained it the
    weights are those of then bit for bit. The steps that a continued run has from its parent are taken from
    there, as long as it is in the store.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    ConfigError
        When the run made no update from this step, or cannot be built again.
    CodecError
        When its data is damaged.
    """
    row = get_run(store, run_id)
    if not 0 <= step < row.step:
        last = f"from 0 to {row.step - 1:,}" if row.step else "of a run that has made an update"
        raise ConfigError(f"step must be {last}, got {step:,}: run {run_id} has made {row.step:,} updates")
    config, dataset = loaded(store, row)
    state, _ = latest_checkpoint(store, run_id, at_most=step)
    if state is None and row.parent_run is not None and step < (row.branch_step or 0):
        return moment_of(store, row.parent_run, step)
    if state is None:
        state = initial_state(config, dataset)
    else:
        check_state(config, dataset, state)
    reach(config, dataset, state, step, [change for change, _ in read_changes(store, run_id)])
    return Moment(row, config, dataset, state)
