"""A rough estimate of the seconds that a run takes, from its plan alone; must not measure anything."""

from engine.data.dataset import Dataset
from engine.training.plan import TrainingPlan, rows_at_once

# On one core of 2024, within a factor of three: calls of numpy, then arithmetic.
SECONDS_A_STEP, SECONDS_A_LAYER = 20e-6, 8e-6
SECONDS_A_RECORD, SECONDS_AN_EVALUATION = 40e-6, 150e-6
OPERATIONS_A_SECOND = 3e10
UPDATES_A_SECOND = 3e8


def expected_seconds(plan: TrainingPlan, dataset: Dataset) -> float:
    """Return about how many seconds of one core a planned run takes on its data."""
    layers = len(plan.sizes) - 1
    at_once = rows_at_once(plan.sizes)
    evaluated = min(len(dataset.x_train), at_once) + min(len(dataset.x_val), at_once)
    step = SECONDS_A_STEP + layers * SECONDS_A_LAYER + plan.parameters / UPDATES_A_SECOND
    step += 6 * plan.parameters * plan.batch_size / OPERATIONS_A_SECOND
    evaluation = SECONDS_AN_EVALUATION + 2 * plan.parameters * evaluated / OPERATIONS_A_SECOND
    recording = len(plan.record_steps) * SECONDS_A_RECORD
    return plan.total_steps * step + recording + len(plan.evaluation_steps) * evaluation
