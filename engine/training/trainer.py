"""The only training loop: a stream of records that command line, worker and tests consume alike."""

import time
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from itertools import compress
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.penalties import penalty
from engine.training import subnormals
from engine.training.changes import Change, apply_change
from engine.training.course import Course
from engine.training.evaluation import columns, evaluate_all, fixed_rows
from engine.training.model import (
    build_decay_mask,
    build_network,
    build_optimizer,
    take_over,
    target_columns,
    trained_network,
)
from engine.training.pacing import build_schedule
from engine.training.plan import plan
from engine.training.state import State
from engine.training.telemetry import LAYER_INDEX, SCALARS, Record

LOOK_UP_SECONDS = 0.05
JUDGED = np.array(
    [column.name in ("batch_loss", "train_loss", "val_loss", "grad_norm") for column in SCALARS]
)


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
    training = Training(config, dataset, [state], changes)
    # Never across a yield: whoever takes the record computes with all numbers that there are.
    if state.recorded_step < 0:
        with training.flushing:
            (record,) = training.first_records()
        yield record
    while state.step < training.plan.total_steps and not state.has_ended:
        with training.flushing:
            (record,) = training.advance()
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


class Training:
    """The loop's tapes and data, tied to the vectors of a run's state, or of several states as a stack.

    Runs of a stack differ in their seeds alone and stand at the same step: what follows from the others'
    settings is one for all. Several have the axis of replicates in front of every array; one has none.

    Parameters
    ----------
    config : RunConfig
        Resolved; its seed has no say.
    dataset : Dataset
    states : sequence of State
        Each adopts its part of the vectors.
    changes : sequence of Change
        By hand; only of one run alone.
    """

    def __init__(
        self, config: RunConfig, dataset: Dataset, states: Sequence[State], changes: Sequence[Change] = ()
    ) -> None:
        self.config, self.states, self.changes = config, states, changes
        self.plan = plan(config, dataset)
        self.clears = subnormals.method() == "cleared"
        self.flushing = nullcontext() if self.clears else subnormals.Flushing()
        self.lead = (len(states),) if len(states) > 1 else ()
        generators = [state.dropout for state in states] if any(config.dropout_rates) else []
        self.network = build_network(config, dataset, *generators, lead=self.lead)
        self.optimizer = build_optimizer(config, self.network)
        self.decay_mask = build_decay_mask(config, self.network)
        self.schedule, rows = build_schedule(config, self.plan), fixed_rows(config, dataset)
        self.courses = []
        for number, state in enumerate(states):
            self._adopt(state, (number, ...) if self.lead else ...)
            single = self.network
            if self.lead:
                single = build_network(config, dataset, within=(self.network, number))
            course = Course(config, dataset, self.plan, self.schedule, state, single, rows)
            self.courses.append(course)
        if self.lead:
            self._set_rates()
        self.x = np.ascontiguousarray(dataset.x_train.T, dtype=config.dtype)
        self.y = target_columns(config, dataset, dataset.y_train)
        self.epoch_x = np.empty((*self.lead, *self.x.shape), self.x.dtype)
        self.epoch_y = np.empty((*self.lead, *self.y.shape), self.y.dtype)
        self._gather()

    def _adopt(self, state: State, place: Any) -> None:
        """Bring a state's vectors into those of the network and the optimizer, and let it live there."""
        theta, statistics = self.network.parameters.theta[place], self.network.statistics[place]
        slots = {name: slot[place] for name, slot in self.optimizer.slots.items()}
        take_over(self.network, state.learned, place)
        for name, slot in slots.items():
            slot[...] = state.slots[name]
        state.theta, state.statistics, state.slots = theta, statistics, slots

    def _learning_rate(self) -> float | np.ndarray:
        """Return the learning rate of the next update, or that of each run, ``(R, 1)``."""
        if not self.lead:
            return self.courses[0].scheduled_rate * self.states[0].plateau.factor
        return self.bases * self.schedule(self.states[0].step) * self.factors

    def _set_rates(self) -> None:
        """Take up the learning rates of a stack after evaluations: what one of them may change."""
        self.bases = np.array([[course.base_rate] for course in self.courses])
        self.factors = np.array([[state.plateau.factor] for state in self.states])

    def _gather(self) -> None:
        for number, state in enumerate(self.states):
            place = number if self.lead else ...
            np.take(self.x, state.permutation, axis=1, out=self.epoch_x[place], mode="clip")
            np.take(self.y, state.permutation, axis=1, out=self.epoch_y[place], mode="clip")

    def first_records(self) -> list[Record | None]:
        """Return record 0 of each run that has none: losses and activations before the first update."""
        is_due = [state.recorded_step < 0 for state in self.states]
        with np.errstate(all="ignore"):
            record, parameters = self._blank(), self.network.parameters
            squares = np.add.reduceat(
                np.square(parameters.theta, dtype=np.float64), parameters.starts, axis=-1
            )
            record.layers[..., LAYER_INDEX["weight_norm"]] = np.sqrt(squares)
            records = self._finished(record, [*compress(self.courses, is_due)])
        return [each if due else None for each, due in zip(records, is_due, strict=True)]

    def advance(self) -> list[Record | None]:
        """Train up to the next record, the end of the epoch, or about 50 ms, whichever comes first."""
        started = now = time.perf_counter()
        state, plan = self.states[0], self.plan
        with np.errstate(all="ignore"):
            while True:
                is_recorded = state.step + 1 in plan.record_steps
                record = self._step(is_recorded)
                is_evaluated = state.step in plan.evaluation_steps
                records = self._finished(record, self.courses if is_evaluated else ()) if record else None
                now = time.perf_counter()
                if records or state.step % plan.steps_per_epoch == 0 or now - started > LOOK_UP_SECONDS:
                    break
        for state in self.states:
            state.seconds += (now - started) / len(self.states)
        if records is None:
            return [None] * len(self.states)
        for state, each in zip(self.states, records, strict=True):
            each["seconds"] = state.seconds
        return [*records]

    def _step(self, is_recorded: bool) -> Record | None:
        state, plan = self.states[0], self.plan
        if state.changes_made < len(self.changes):
            self._make_changes()
        position = state.step % plan.steps_per_epoch
        if position == 0:
            for each in self.states:
                each.permutation = each.shuffling.permutation(len(each.permutation))
            self._gather()
        start = position * plan.batch_size
        x = self.epoch_x[..., start : start + plan.batch_size]
        recording = self.network.recording(x.shape[-1])
        np.copyto(recording.x, x)
        np.copyto(recording.target, self.epoch_y[..., start : start + plan.batch_size])
        recording.tape.replay()
        learning_rate = self._learning_rate()
        self.optimizer.prepare(state.step + 1, learning_rate)
        if not is_recorded:
            self.optimizer.update.replay()
            self._count_step()
            return None
        recording.loss_tape.replay()
        self.optimizer.measured_update.replay()
        self._count_step()
        record = self._blank()
        record["batch_loss"] = recording.loss
        record["learning_rate"] = np.reshape(learning_rate, self.lead)
        self._fill_update(record)
        return record

    def _count_step(self) -> None:
        for state in self.states:
            state.step += 1
        # By the step alone, so that a resumed run does the same.
        if self.clears and self.states[0].step % subnormals.CLEARED_EVERY == 0:
            subnormals.clear(self.optimizer.slots.values())

    def _make_changes(self) -> None:
        (state,) = self.states
        for change in self.changes[state.changes_made :]:
            if change.step > state.step:
                break
            apply_change(change, self.network, state)

    def _blank(self) -> Record:
        state = self.states[0]
        record = Record.blank(state.step, self.network.depth, self.lead)
        record["epoch"] = state.step / self.plan.steps_per_epoch
        record["seconds"] = state.seconds
        l1, weight_decay = self.config.l1, self.config.weight_decay
        decays = l1 > 0 or weight_decay > 0
        theta = self.network.parameters.theta
        record["penalty"] = penalty(theta, l1, weight_decay, self.decay_mask) if decays else 0.0
        return record

    def _fill_update(self, record: Record) -> None:
        measures, rows, layers = self.optimizer.measures, self.optimizer.measures.rows, record.layers
        norms, totals = np.sqrt(measures.squares), np.sqrt(measures.squares.sum(axis=-1))
        update, before = rows["update"], rows["weights"]
        record["grad_norm"] = totals[..., rows["gradient"]]
        record["grad_norm_clipped"] = totals[..., rows["clipped"]]
        record["update_ratio"] = totals[..., update] / totals[..., before]
        layers[..., LAYER_INDEX["grad_norm"]] = norms[..., rows["gradient"], :]
        layers[..., LAYER_INDEX["grad_mean_abs"]] = measures.magnitudes / self.network.parameters.sizes
        layers[..., LAYER_INDEX["weight_norm"]] = norms[..., rows["new_weights"], :]
        layers[..., LAYER_INDEX["update_ratio"]] = norms[..., update, :] / norms[..., before, :]

    def _finished(self, record: Record, evaluated: Sequence[Course]) -> list[Record]:
        """Return the record of each run, with an evaluation of some, and let each run heed it."""
        records = [record.row(number) for number in range(len(self.states))] if self.lead else [record]
        for course, each in zip(self.courses, records, strict=True):
            if course in evaluated:
                course.evaluate(each)
        if evaluated and self.lead:
            self._set_rates()
        is_judged = record.measured & JUDGED
        is_off = is_judged > np.isfinite(record.scalars)
        diverged: list[bool] = np.ravel(is_off.any(axis=-1)).tolist()
        for course, each, has_diverged in zip(self.courses, records, diverged, strict=True):
            course.finish(each, has_diverged)
        return records
