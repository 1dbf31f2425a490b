"""Trains stacked runs of one shape, each to the bits that it would reach alone."""

from collections.abc import Generator, Sequence

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.training.interventions import Change
from engine.training.plan import network_sizes, plan
from engine.training.state import State
from engine.training.telemetry import Record
from engine.training.trainer import Training

RUNS_AT_MOST, RUNS_AT_LEAST = 32, 4
STACK_BYTES, DATA_BYTES = 2**20, 2**26
SCRATCH_VECTORS = 3


def train_stack(
    configs: Sequence[RunConfig], dataset: Dataset, states: list[State], changes: Sequence[Change] = ()
) -> Generator[Record | None, None, None]:
    """Train runs that stand at the same step to their ends; each goes its way as in :func:`train`.

    Yields what :func:`engine.training.trainer.train` yields, as records of stacked runs: one row for each
    state in the list; with one state the record of a single run. At every yield all states are whole. Those
    that have ended leave the list after the yield of their last record; the caller may take out others while
    it holds a record, and the stack goes on without them. Record 0 comes where one of them has none; the row
    of one that had it before is to be ignored.

    Parameters
    ----------
    configs : sequence of RunConfig
        Resolved, one for each state; they differ in what :mod:`engine.config.stacking` names alone.
    dataset : Dataset
    states : list of State
        Owned by the caller; those in the list are changed in place.
    changes : sequence of Change
        By hand, as in :func:`train`; only of a run that is the only one.
    """
    config_of = {id(state): config for config, state in zip(configs, states, strict=True)}
    while states:
        training = Training([config_of[id(state)] for state in states], dataset, states, changes)
        yield from training.records(states)


def most_together(config: RunConfig, dataset: Dataset) -> int:
    """Return how many runs of a configuration are best stacked; 1 where each is faster alone.

    Calls on small arrays cost the same for one run as for many, until the arrays of all outgrow the cache.
    Measured, time of 16 stacked runs by that of 16 alone, updates without records: .24 for 2-8-8-1
    with batches of 10, .30 for 2-16-16-16-2 with batches of 32; none is gained for 64-128-64-10. Whole runs
    stand in docs/stacking.md.
    """
    planned = plan(config, dataset)
    sizes = network_sizes(config, dataset)
    itemsize = 4 if config.dtype == "float32" else 8
    vectors = 2 + OPTIMIZERS[config.optimizer].slots(vars(config)) + SCRATCH_VECTORS
    blocks = 2 + any(config.dropout_rates) + 2 * (config.normalization != "none") + config.residual
    activations = 2 * sum(sizes) * blocks * planned.batch_size
    fit = STACK_BYTES // (itemsize * (planned.parameters * vectors + activations))
    rows = itemsize * len(dataset.x_train) * (sizes[0] + sizes[-1])
    most = min(RUNS_AT_MOST, fit, DATA_BYTES // rows)
    return most if most >= RUNS_AT_LEAST else 1
