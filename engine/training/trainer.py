"""The only training loop: a stream of records that command line, worker and tests consume alike."""

import time
from collections.abc import Generator, Sequence
from contextlib import nullcontext

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.parameters import record_layer_sums
from engine.nn.penalties import penalty
from engine.nn.tape import Tape
from engine.training import subnormals
from engine.training.changes import Change, apply_change
from engine.training.early_stopping import patience_of
from engine.training.evaluation import activation_statistics, columns, evaluate, evaluate_all, fixed_rows
from engine.training.model import (
    build_decay_mask,
    build_network,
    build_optimizer,
    take_over,
    target_columns,
    trained_network,
)
from engine.training.pacing import build_plateau, build_schedule
from engine.training.plan import plan
from engine.training.state import State
from engine.training.telemetry import (
    LAYER_INDEX,
    SCALAR_INDEX,
    Record,
)

LOOK_UP_SECONDS = 0.05


def train(
    config: RunConfig, dataset: Dataset, state: State, changes: Sequence[Change] = ()
) -> Generator[Record | None, None, None]:
    """Train from ``state`` to the end of the plan, or to the record that diverged or ended patience.

    Yields a :class:`Record` at each recorded step, and None about every 50 ms and at each epoch's end, so
    that the caller can look up, pause, store or stop. At every yield ``state`` is whole: stored then and
    loaded later it leads to the same bits. What the caller does in between never changes the arithmetic.
    With ``restore_best`` the state that goes with the last record, of whatever weights that tells, holds the
    weights of the lowest validation loss already; those of a diverged run stay as they are.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    state : State
        Owned by the caller; changed in place.
    changes : sequence of Change
        In the order in which they act; the caller may append while it holds a record. Those that the state
        has made already are passed over.
    """
    training = _Training(config, dataset, state, changes)
    # Never across a yield: whoever takes the record computes with all numbers that there are.
    flushing = nullcontext() if training.clears else subnormals.Flushing()
    if state.recorded_step < 0:
        with flushing:
            record = training.first_record()
        yield record
    while state.step < training.plan.total_steps and not state.has_ended:
        with flushing:
            record = training.advance()
        yield record


def final_summary(config: RunConfig, dataset: Dataset, state: State) -> dict[str, float | int]:
    """Return losses and scores at the state's weights over all rows of each split; a test may be absent."""
    network = trained_network(config, dataset, state.learned)
    name = "r2" if dataset.task == "regression" else "accuracy"
    summary: dict[str, float | int] = {"steps": state.step, "seconds": state.seconds}
    with np.errstate(all="ignore"):
        for split, x, y in (
            ("train", dataset.x_train, dataset.y_train),
            ("val", dataset.x_val, dataset.y_val),
            ("test", dataset.x_test, dataset.y_test),
        ):
            if len(x):
                loss, score = evaluate_all(network, columns(config, dataset, x, y))
                summary |= {f"{split}_loss": loss, f"{split}_{name}": score}
    return summary


class _Training:
    """The network, the optimizer and the data of one run, tied to the vectors of its state."""

    def __init__(self, config: RunConfig, dataset: Dataset, state: State, changes: Sequence[Change]) -> None:
        self.config, self.dataset, self.state, self.changes = config, dataset, state, changes
        self.plan = plan(config, dataset)
        self.network = build_network(config, dataset, state.dropout if any(config.dropout_rates) else None)
        parameters = self.network.parameters
        take_over(self.network, state.learned)
        self.optimizer = build_optimizer(config, self.network)
        self.decay_mask = build_decay_mask(config, self.network)
        self.schedule, self.plateau = build_schedule(config, self.plan), build_plateau(config, self.plan)
        self.patience = patience_of(config, self.plan)
        self.clears = subnormals.method() == "cleared"
        for name, slot in self.optimizer.slots.items():
            slot[...] = state.slots[name]
        state.theta, state.slots = parameters.theta, self.optimizer.slots
        state.statistics = self.network.statistics
        self.train_rows, self.val_rows = fixed_rows(config, dataset)
        self.x = np.ascontiguousarray(dataset.x_train.T, dtype=config.dtype)
        self.y = target_columns(config, dataset, dataset.y_train)
        self.epoch_x, self.epoch_y = np.empty_like(self.x), np.empty_like(self.y)
        self._gather()
        self.gradient_measures = Tape(config.dtype)
        with self.gradient_measures.section("measure"):
            self.grad_squares = record_layer_sums(
                self.gradient_measures, parameters.grad, parameters.starts, "g", 2
            )
            self.grad_magnitudes = record_layer_sums(
                self.gradient_measures, parameters.grad, parameters.starts, "g", 1
            )

    def _gather(self) -> None:
        np.take(self.x, self.state.permutation, axis=1, out=self.epoch_x, mode="clip")
        np.take(self.y, self.state.permutation, axis=1, out=self.epoch_y, mode="clip")

    def first_record(self) -> Record:
        """Return record 0: losses and activations before the first update."""
        record = self._blank()
        with np.errstate(all="ignore"):
            self._fill_evaluation(record)
        return self._finished(record)

    def advance(self) -> Record | None:
        """Train up to the next record, the end of the epoch, or about 50 ms, whichever comes first."""
        started = now = time.perf_counter()
        state, plan = self.state, self.plan
        with np.errstate(all="ignore"):
            while True:
                is_recorded = state.step + 1 in plan.record_steps
                record = self._step(is_recorded)
                now = time.perf_counter()
                if record or state.step % plan.steps_per_epoch == 0 or now - started > LOOK_UP_SECONDS:
                    break
        state.seconds += now - started
        if record is None:
            return None
        record["seconds"] = state.seconds
        return self._finished(record)

    def _step(self, is_recorded: bool) -> Record | None:
        state, plan = self.state, self.plan
        if state.changes_made < len(self.changes):
            self._make_changes()
        position = state.step % plan.steps_per_epoch
        if position == 0:
            state.permutation = state.shuffling.permutation(len(state.permutation))
            self._gather()
        start = position * plan.batch_size
        x = self.epoch_x[:, start : start + plan.batch_size]
        recording = self.network.recording(x.shape[1])
        np.copyto(recording.x, x)
        np.copyto(recording.target, self.epoch_y[:, start : start + plan.batch_size])
        recording.tape.replay()
        learning_rate = self._scheduled_rate() * state.plateau.factor
        self.optimizer.prepare(state.step + 1, learning_rate)
        if not is_recorded:
            self.optimizer.update.replay()
            self._count_step()
            return None
        recording.loss_tape.replay()
        self.gradient_measures.replay()
        self.optimizer.measured_update.replay()
        self._count_step()
        record = self._blank()
        record["batch_loss"] = float(recording.loss)
        record["learning_rate"] = learning_rate
        self._fill_update(record)
        if state.step in plan.evaluation_steps:
            self._fill_evaluation(record)
        return record

    def _count_step(self) -> None:
        self.state.step += 1
        # By the step alone, so that a resumed run does the same.
        if self.clears and self.state.step % subnormals.CLEARED_EVERY == 0:
            subnormals.clear(self.optimizer.slots.values())

    def _scheduled_rate(self) -> float:
        rate = self.state.learning_rate or self.config.learning_rate
        return rate * self.schedule(self.state.step)

    def _make_changes(self) -> None:
        made = self.state.changes_made
        for change in self.changes[made:]:
            if change.step > self.state.step:
                break
            apply_change(change, self.network, self.state)

    def _blank(self) -> Record:
        state = self.state
        record = Record.blank(state.step, self.network.depth)
        record["epoch"] = state.step / self.plan.steps_per_epoch
        record["seconds"] = state.seconds
        parameters = self.network.parameters
        squares = np.add.reduceat(np.square(parameters.theta, dtype=np.float64), parameters.starts)
        record.layers[:, LAYER_INDEX["weight_norm"]] = np.sqrt(squares)
        l1, weight_decay = self.config.l1, self.config.weight_decay
        decays = l1 > 0 or weight_decay > 0
        record["penalty"] = penalty(parameters.theta, l1, weight_decay, self.decay_mask) if decays else 0.0
        return record

    def _fill_update(self, record: Record) -> None:
        measures, layers = self.optimizer.measures, record.layers
        before = measures.weight_squares
        record["grad_norm"] = np.sqrt(self.grad_squares.sum())
        record["grad_norm_clipped"] = np.sqrt(measures.clipped_squares.sum())
        record["update_ratio"] = np.sqrt(measures.update_squares.sum() / before.sum())
        layers[:, LAYER_INDEX["grad_norm"]] = np.sqrt(self.grad_squares)
        layers[:, LAYER_INDEX["grad_mean_abs"]] = self.grad_magnitudes / self.network.parameters.sizes
        layers[:, LAYER_INDEX["update_ratio"]] = np.sqrt(measures.update_squares / before)

    def _fill_evaluation(self, record: Record) -> None:
        name = "r2" if self.dataset.task == "regression" else "accuracy"
        record["train_loss"], record[f"train_{name}"], recording = evaluate(self.network, self.train_rows)
        activation_statistics(self.network, recording, record.layers)
        record["val_loss"], record[f"val_{name}"], _ = evaluate(self.network, self.val_rows)
        record["generalization_gap"] = record["val_loss"] - record["train_loss"]
        self._look_back(record["val_loss"])

    def _look_back(self, val_loss: float) -> None:
        """Compare a validation loss with those before it: the best, the plateau, patience."""
        state = self.state
        if val_loss < state.best_val_loss:
            state.best_val_loss, state.best_step = val_loss, state.step
            state.keep_as_best()
        if self.plateau:
            state.plateau = self.plateau.after(state.plateau, state.step, val_loss, self._scheduled_rate())
        state.waiting = self.patience.after(state.waiting, state.step, val_loss)
        state.stopped_early = self.patience.is_over(state.waiting, state.step)

    def _finished(self, record: Record) -> Record:
        losses = ("batch_loss", "train_loss", "val_loss", "grad_norm")
        measured = [record[name] for name in losses if record.measured[SCALAR_INDEX[name]]]
        record.diverged = not np.isfinite(measured).all()
        state = self.state
        state.recorded_step, state.diverged = record.step, record.diverged
        is_last = state.stopped_early or state.step == self.plan.total_steps
        if is_last and not state.diverged and state.best and state.best_step != state.step:
            state.exchange_best()
        return record
