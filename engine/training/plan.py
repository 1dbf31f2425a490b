"""The plan of a run: how many steps, which of them are recorded and evaluated, about what it costs."""

from dataclasses import dataclass

import numpy as np

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.nn.network import parameter_shapes
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.training.batches import Batches
from engine.training.estimates import evaluation_seconds, step_seconds

EVALUATED_ROWS = 2048
CELLS_AT_ONCE = 2**25
RECORDS_AT_MOST = 2000
EVALUATIONS_AT_LEAST, EVALUATIONS_AT_MOST = 10, 400
# What all evaluations of a run may take: a share of its training, or what nobody waits for; one an epoch,
# fifty at most, where that is hardly noticed.
EVALUATION_SHARE, EVALUATION_SECONDS = 0.04, 0.003
AN_EPOCH_AT_MOST, AN_EPOCH_SECONDS = 50, 0.05
# Where validation loss decides, by the epoch alone, for a run must not depend on how long it was planned: so
# many times within each of the first epochs, at the end of each up to this one, then of ever fewer.
WITHIN_AN_EPOCH_AT_MOST, WITHIN_EPOCHS, EACH_EPOCH_UNTIL = 10, 1000, 10_000
SNAPSHOTS_AT_MOST, SNAPSHOT_BYTES_AT_MOST = 200, 8 * 2**20
PROCESS_BYTES = 150 * 2**20
SECONDS_A_RECORD = 40e-6


@dataclass(frozen=True)
class TrainingPlan:
    """What follows from a resolved configuration and the shape of its data alone, never from the clock.

    Attributes
    ----------
    sizes : tuple of int
        Features, hidden units of each layer, outputs.
    batches : Batches
        Where an epoch is cut; ``batch_size`` and ``steps_per_epoch`` follow from it.
    record_steps, evaluation_steps : frozenset of int
        Every evaluated step is recorded.
    snapshot_steps : frozenset of int
        Recorded steps at which the parameters are kept for replay: densest at the beginning, where most
        happens; 200 at most, and within 8 MB a run (first and last in any case).
    bytes_needed : int
        Estimate of a worker's memory.
    """

    sizes: tuple[int, ...]
    batches: Batches
    batch_size: int
    steps_per_epoch: int
    total_steps: int
    parameters: int
    record_steps: frozenset[int]
    evaluation_steps: frozenset[int]
    snapshot_steps: frozenset[int]
    bytes_needed: int


def plan(config: RunConfig, dataset: Dataset) -> TrainingPlan:
    """Return the plan of a resolved configuration on its data."""
    batches = Batches.of(config, len(dataset.x_train))
    batch, per_epoch = batches.size, batches.per_epoch
    sizes = network_sizes(config, dataset)
    total = per_epoch * config.epochs
    parameters = _parameters(sizes, config.normalization)
    step = step_seconds(len(sizes) - 1, parameters, batch)
    evaluation = evaluation_seconds(parameters, *evaluated_rows(sizes, dataset))
    if config.evaluation == "epoch":
        evaluations = _by_epoch(config.epochs, per_epoch, per_epoch * step / evaluation)
    else:
        evaluations = _spread(total, config.epochs, total * step, evaluation)
    every = config.record_every or -(-total // RECORDS_AT_MOST)
    records = frozenset(range(0, total + 1, every)) | evaluations
    return TrainingPlan(
        sizes,
        batches,
        batch,
        per_epoch,
        total,
        parameters,
        records,
        evaluations,
        _snapshot_steps(records, parameters * (4 if config.dtype == "float32" else 8)),
        _bytes(config, dataset, sizes, batch, parameters),
    )


def rows_at_once(sizes: tuple[int, ...]) -> int:
    """Return how many rows go through a network at once where nothing is learned: fewer where it is wide.

    It is 2048 up to some 16,000 units in all; one layer of a million units takes 33 rows.
    """
    return max(1, min(EVALUATED_ROWS, CELLS_AT_ONCE // sum(sizes)))


def evaluated_rows(sizes: tuple[int, ...], dataset: Dataset) -> tuple[int, int]:
    """Return how many training and validation rows an evaluation looks at."""
    at_once = rows_at_once(sizes)
    return min(len(dataset.x_train), at_once), min(len(dataset.x_val), at_once)


def network_sizes(config: RunConfig, dataset: Dataset) -> tuple[int, ...]:
    """Return features, hidden units of each layer, outputs."""
    if dataset.task == "regression":
        outputs = dataset.y_train.shape[1]
    else:
        outputs = 1 if config.loss == "binary_cross_entropy" else dataset.classes
    return (dataset.features, *config.hidden_sizes, outputs)


def _by_epoch(epochs: int, per_epoch: int, evaluations_worth: float) -> frozenset[int]:
    """Return the ends of epochs, and steps within, in such a way that a longer plan only adds to them.

    Parameters
    ----------
    evaluations_worth : float
        How many evaluations take as long as the updates of an epoch.
    """
    parts = min(max(1, int(EVALUATION_SHARE * evaluations_worth)), WITHIN_AN_EPOCH_AT_MOST, per_epoch)
    ends, every, until = [np.arange(min(epochs, EACH_EPOCH_UNTIL) + 1)], 1, EACH_EPOCH_UNTIL
    while until < epochs:
        every, first, until = 2 * every, until, 2 * until
        ends.append(np.arange(first, min(until, epochs) + 1, every))
    within = np.arange(parts * min(epochs, WITHIN_EPOCHS)) * per_epoch // parts
    steps = np.concatenate([within, np.concatenate([*ends, [epochs]]) * per_epoch])
    return frozenset(steps.tolist())


def _spread(total: int, epochs: int, training_seconds: float, evaluation: float) -> frozenset[int]:
    affordable = int(max(EVALUATION_SHARE * training_seconds, EVALUATION_SECONDS) / evaluation)
    by_epoch = min(epochs, AN_EPOCH_AT_MOST, int(AN_EPOCH_SECONDS / evaluation))
    count = min(max(affordable, by_epoch, EVALUATIONS_AT_LEAST), EVALUATIONS_AT_MOST, total)
    return frozenset(int(step) for step in np.linspace(0, total, count + 1).round())


def _parameters(sizes: tuple[int, ...], normalization: str) -> int:
    weights, norms, _ = parameter_shapes(sizes, normalization)
    return sum(rows * columns for rows, columns in [*weights, *norms])


def _snapshot_steps(records: frozenset[int], size: int) -> frozenset[int]:
    steps = np.array(sorted(records))
    count = min(SNAPSHOTS_AT_MOST, max(2, SNAPSHOT_BYTES_AT_MOST // size), len(steps))
    wanted = steps[-1] * np.linspace(0, 1, count) ** 2
    return frozenset(steps[np.searchsorted(steps, wanted)].tolist())


def _bytes(config: RunConfig, dataset: Dataset, sizes: tuple[int, ...], batch: int, parameters: int) -> int:
    itemsize = 4 if config.dtype == "float32" else 8
    vectors = 2 + OPTIMIZERS[config.optimizer].slots(vars(config)) + 3 + 2 * config.restore_best
    wide = 8 * parameters * 5
    blocks = 2 + any(config.dropout_rates) + 2 * (config.normalization != "none") + config.residual
    rows = 2 * sum(sizes) * blocks
    activations = rows * (batch + 2 * min(len(dataset.x_train), rows_at_once(sizes)))
    data = 4 * (dataset.x_train.size + dataset.x_val.size + dataset.x_test.size)
    return itemsize * (parameters * vectors + activations + data) + wide + PROCESS_BYTES


def expected_seconds(plan: TrainingPlan, dataset: Dataset) -> float:
    """Return about how many seconds of one core a planned run takes on its data."""
    step = step_seconds(len(plan.sizes) - 1, plan.parameters, plan.batch_size)
    evaluation = evaluation_seconds(plan.parameters, *evaluated_rows(plan.sizes, dataset))
    recording = len(plan.record_steps) * SECONDS_A_RECORD
    return plan.total_steps * step + recording + len(plan.evaluation_steps) * evaluation


def check_memory(plan: TrainingPlan, available: int) -> None:
    """Refuse a run that would not fit.

    Raises
    ------
    ConfigError
        When the estimate is above 60 % of ``available`` bytes.
    """
    limit = 0.6 * available
    if plan.bytes_needed > limit:
        raise ConfigError(
            f"hidden_sizes must fit into memory: {plan.parameters:,} parameters need about "
            f"{_readable(plan.bytes_needed)}, got {_readable(limit)} to use"
        )


def _readable(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
