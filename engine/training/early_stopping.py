"""Patience: when validation loss has not fallen for too long, as training and its pages count it."""

import math
from dataclasses import dataclass, replace

from engine.config import RunConfig
from engine.training.plan import TrainingPlan
from engine.training.state import State, Waiting


@dataclass(frozen=True)
class Patience:
    """The one rule of early stopping: by how many updates an evaluation lies after the lowest one.

    A run ends at the first evaluation ``updates`` or more after the last one that was lower than all before
    it by more than ``min_delta``. People give patience in epochs; as evaluations need not come once an epoch,
    it is time that counts, not evaluations. With one evaluation an epoch it is Keras's EarlyStopping, except
    that the evaluation before the first update counts too.
    """

    updates: int
    min_delta: float = 0.0

    def after(self, waiting: Waiting, done: int, loss: float) -> Waiting:
        """Return what is remembered after an evaluation when ``done`` updates were made."""
        return Waiting(loss, done) if loss < waiting.lowest - self.min_delta else waiting

    def is_over(self, waiting: Waiting, done: int) -> bool:
        """Tell whether the run ends here."""
        return done - waiting.since >= self.updates


def patience_of(config: RunConfig, plan: TrainingPlan) -> Patience:
    """Return the patience of a run: without end where none is set."""
    if config.early_stopping is None:
        return Patience(2**62)
    return Patience(config.early_stopping * plan.steps_per_epoch, config.early_stopping_min_delta)


def go_on(state: State) -> None:
    """Let a state that has ended be trained further: with its last weights, and with new patience.

    The weights that were kept instead go back among what the state remembers. A run that patience ended
    would end again at once; so the wait begins anew at this step, for something lower than before.
    """
    if state.restored:
        state.exchange_best()
    if state.stopped_early:
        state.waiting = replace(state.waiting, since=state.step)
        state.stopped_early = False


def describe_ending(config: RunConfig, plan: TrainingPlan, state: State) -> str:
    """Say how a finished run ended, if not with the last weights of its last epoch; else nothing."""
    parts = []
    if state.stopped_early and state.step < plan.total_steps:
        lower = "no lower validation loss"
        if config.early_stopping_min_delta:
            lower = f"no validation loss lower by more than {config.early_stopping_min_delta:g}"
        epochs = f"{config.early_stopping} epoch{'' if config.early_stopping == 1 else 's'}"
        parts.append(
            f"stopped early at step {state.step} (epoch {state.step / plan.steps_per_epoch:.4g}): "
            f"{lower} for {epochs}"
        )
    if state.restored:
        parts.append(f"weights of step {state.best_step} kept")
    elif parts and math.isfinite(state.best_val_loss):
        parts.append(f"the lowest was at step {state.best_step}")
    return "; ".join(parts)
