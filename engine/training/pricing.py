"""A rough estimate of the seconds that a run takes, from its plan alone; must not measure anything."""

from engine.data.dataset import Dataset
from engine.training.costs import evaluation_seconds, step_seconds
from engine.training.plan import TrainingPlan, evaluated_rows

SECONDS_A_RECORD = 40e-6


def expected_seconds(plan: TrainingPlan, dataset: Dataset) -> float:
    """Return about how many seconds of one core a planned run takes on its data."""
    step = step_seconds(len(plan.sizes) - 1, plan.parameters, plan.batch_size)
    evaluation = evaluation_seconds(plan.parameters, *evaluated_rows(plan.sizes, dataset))
    recording = len(plan.record_steps) * SECONDS_A_RECORD
    return plan.total_steps * step + recording + len(plan.evaluation_steps) * evaluation
