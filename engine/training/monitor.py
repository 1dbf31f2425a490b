"""Watches one run between its updates: evaluations, the best so far, plateau, patience, its end."""

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.network import Network
from engine.nn.schedules import Schedule
from engine.training.early_stopping import patience_of
from engine.training.evaluation import Rows, activation_statistics, evaluate
from engine.training.plan import TrainingPlan
from engine.training.schedule import build_plateau
from engine.training.state import State
from engine.training.telemetry import Record


class RunMonitor:
    """Evaluates one run, alone or of a stack, and decides when it ends; restores its best weights then.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    plan : TrainingPlan
    schedule : Schedule
    state : State
    network : Network
        Lives in the vectors of the state.
    rows : (Rows, Rows)
        What losses and scores are measured on: training rows, validation rows.
    """

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        plan: TrainingPlan,
        schedule: Schedule,
        state: State,
        network: Network,
        rows: tuple[Rows, Rows],
    ) -> None:
        self.config, self.plan, self.schedule = config, plan, schedule
        self.state, self.network, self.rows = state, network, rows
        self.score = dataset.score_name
        self.plateau, self.patience = build_plateau(config, plan), patience_of(config, plan)

    @property
    def base_rate(self) -> float:
        """The learning rate that schedule and plateau change."""
        return self.state.learning_rate or self.config.learning_rate

    @property
    def scheduled_rate(self) -> float:
        """The learning rate of the next update before plateau reduces it."""
        return self.base_rate * self.schedule(self.state.step)

    def evaluate(self, record: Record) -> None:
        """Measure losses, scores and activations; look back on the validation losses before."""
        train_rows, val_rows = self.rows
        record["train_loss"], record[f"train_{self.score}"], recording = evaluate(self.network, train_rows)
        activation_statistics(self.network, recording, record.layers)
        record["val_loss"], record[f"val_{self.score}"], _ = evaluate(self.network, val_rows)
        record["generalization_gap"] = record["val_loss"] - record["train_loss"]
        self._look_back(record["val_loss"])

    def _look_back(self, val_loss: float) -> None:
        """Compare a validation loss with those before it: the best, the plateau, patience."""
        state = self.state
        if val_loss < state.best_val_loss:
            state.best_val_loss, state.best_step = val_loss, state.step
            state.keep_as_best()
        if self.plateau:
            state.plateau = self.plateau.after(state.plateau, state.step, val_loss, self.scheduled_rate)
        state.waiting = self.patience.after(state.waiting, state.step, val_loss)
        state.stopped_early = self.patience.is_over(state.waiting, state.step)

    def update_status(self, diverged: bool) -> None:
        """Mark whether a run diverged; at its end restore the best weights where the settings say so."""
        state = self.state
        state.diverged = diverged
        is_last = state.stopped_early or state.step == self.plan.total_steps
        if is_last and not diverged and state.best and state.best_step != state.step:
            state.exchange_best()
