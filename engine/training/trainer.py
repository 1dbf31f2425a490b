"""The only training loop: a stream of records that command line, worker and tests consume alike."""

import time
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from itertools import compress
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.optimizers.penalties import penalty
from engine.training import subnormals
from engine.training.evaluation import fixed_rows
from engine.training.interventions import Change, apply_change
from engine.training.model import (
    build_decay_mask,
    build_network,
    build_optimizer,
    take_over,
    target_columns,
)
from engine.training.monitor import RunMonitor
from engine.training.per_run_values import PerRunValues
from engine.training.plan import plan
from engine.training.schedule import build_schedule
from engine.training.state import State
from engine.training.summary import final_summary as final_summary
from engine.training.telemetry import LAYER_INDEX, SCALARS, Record

YIELD_SECONDS = 0.05
WATCHED = "batch_loss", "train_loss", "val_loss", "grad_norm"


def train(
    config: RunConfig, dataset: Dataset, state: State, changes: Sequence[Change] = ()
) -> Generator[Record | None, None, None]:
    """Train from ``state`` to the end of the plan, or to the record that diverged or ended patience.

    Yields a :class:`Record` at each recorded step, and None about every 50 ms and at each epoch's end, so
    that the caller can poll, pause, store or stop. At every yield ``state`` is whole: stored then and
    loaded later it leads to the same bits. What the caller does in between never changes the arithmetic.
    With ``restore_best`` the state already holds the weights of the lowest validation loss when the last
    record is yielded, which was measured before; those of a diverged run stay as they are.

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
    yield from Training([config], dataset, [state], changes).records([state])


class Training:
    """The loop's tapes and data, tied to the vectors of a run's state, or of several states as a stack.

    Runs of a stack stand at the same step and differ in what :mod:`engine.config.stacking` names alone: what
    follows from other settings is one for all. Several have the axis of replicates in front of every array;
    one has none.

    Parameters
    ----------
    configs : sequence of RunConfig
        Resolved, one for each state; their seeds are not used.
    dataset : Dataset
    states : sequence of State
        Each adopts its part of the vectors.
    changes : sequence of Change
        By hand; only of one run alone.

    Attributes
    ----------
    until : int
        Updates after which :meth:`advance` comes back in any case; at first all of the plan.
    """

    def __init__(
        self,
        configs: Sequence[RunConfig],
        dataset: Dataset,
        states: Sequence[State],
        changes: Sequence[Change] = (),
    ) -> None:
        config, self.own = configs[0], PerRunValues.of(configs)
        self.config, self.states, self.changes = config, list(states), changes
        self.plan = plan(config, dataset)
        self.until = self.plan.total_steps
        self.clears = subnormals.method() == "cleared"
        self.flushing = nullcontext() if self.clears else subnormals.Flushing()
        self.lead = (len(states),) if len(states) > 1 else ()
        generators = [state.dropout for state in states] if any(config.dropout_rates) else []
        self.network = build_network(config, dataset, *generators, lead=self.lead, own=self.own)
        rates = {state.learning_rate or own.learning_rate for own, state in zip(configs, states, strict=True)}
        self.has_own_rates = bool(self.lead) and (len(rates) > 1 or config.schedule == "plateau")
        self.optimizer = build_optimizer(config, self.network, self.own, has_own_rates=self.has_own_rates)
        self.decay_mask = build_decay_mask(config, self.network)
        rows = fixed_rows(config, dataset)
        self.is_watched = np.isin(SCALARS.names, WATCHED)
        self.monitors = []
        for number, (own, state) in enumerate(zip(configs, states, strict=True)):
            self._adopt(state, (number, ...) if self.lead else ...)
            single = self.network
            if self.lead:
                single = build_network(config, dataset, within=(self.network, number))
            schedule = build_schedule(own, self.plan)
            self.monitors.append(RunMonitor(own, dataset, self.plan, schedule, state, single, rows))
        if self.has_own_rates:
            self._set_rates()
        # A floor is a share of the learning rate: with one, other rates have schedules of other shapes.
        has_floor = bool(config.min_learning_rate)
        self.shares_schedule = not has_floor or len({each.learning_rate for each in configs}) == 1
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

    def learning_rate(self) -> float | np.ndarray:
        """Return the learning rate of the next update, or that of each run, ``(R, 1)``, where they differ."""
        if not self.has_own_rates:
            return self.monitors[0].scheduled_rate * self.states[0].plateau.factor
        step = self.states[0].step
        if self.shares_schedule:
            return self.bases * self.monitors[0].schedule(step) * self.factors
        return self.bases * np.array([[each.schedule(step)] for each in self.monitors]) * self.factors

    def _set_rates(self) -> None:
        """Take up the learning rates of a stack after evaluations: what one of them may change."""
        self.bases = np.array([[each.base_rate] for each in self.monitors])
        self.factors = np.array([[state.plateau.factor] for state in self.states])

    def _gather(self) -> None:
        for number, state in enumerate(self.states):
            place = number if self.lead else ...
            np.take(self.x, state.permutation, axis=1, out=self.epoch_x[place], mode="clip")
            np.take(self.y, state.permutation, axis=1, out=self.epoch_y[place], mode="clip")

    def records(self, going: list[State]) -> Generator[Record | None, None, None]:
        """Yield as :func:`train` does until a state leaves the list: it ends, or the caller takes it out."""
        has_records = all(state.recorded_step >= 0 for state in going)
        next_record = self.advance if has_records else self.first_record
        total = self.plan.total_steps
        while True:
            if ended := [each for each in going if each.step >= total or each.has_ended]:
                going[:] = [each for each in going if each not in ended]
            if len(going) < len(self.states):
                return
            # Never across a yield: whoever takes the record computes with all numbers that there are.
            with self.flushing:
                record = next_record()
            yield record
            next_record = self.advance

    def first_record(self) -> Record:
        """Return record 0: losses and activations before the first update.

        A run that has its own already is not evaluated again: here that part of the record is empty.
        """
        with np.errstate(all="ignore"):
            record, parameters = self._blank(), self.network.parameters
            self._note_seconds(record)
            squares = np.add.reduceat(
                np.square(parameters.theta, dtype=np.float64), parameters.starts, axis=-1
            )
            record.layers[..., LAYER_INDEX["weight_norm"]] = np.sqrt(squares)
            return self._finished(record, [state.recorded_step < 0 for state in self.states])

    def advance(self) -> Record | None:
        """Train up to the next record, the epoch's end, step ``until`` or about 50 ms, what comes first."""
        started = now = time.perf_counter()
        state, plan = self.states[0], self.plan
        with np.errstate(all="ignore"):
            while True:
                is_recorded = state.step + 1 in plan.record_steps
                record = self._step(is_recorded)
                if record:
                    is_evaluated = state.step in plan.evaluation_steps
                    record = self._finished(record, [True] * len(self.states) if is_evaluated else None)
                now = time.perf_counter()
                is_there = state.step == self.until or state.step % plan.steps_per_epoch == 0
                if record or is_there or now - started > YIELD_SECONDS:
                    break
        for state in self.states:
            state.seconds += (now - started) / len(self.states)
        if record:
            self._note_seconds(record)
        return record

    def _step(self, is_recorded: bool) -> Record | None:
        state = self.states[0]
        self.make_changes()
        batch = self.next_batch()
        x = self.epoch_x[..., batch]
        recording = self.network.recording(x.shape[-1])
        np.copyto(recording.x, x)
        np.copyto(recording.target, self.epoch_y[..., batch])
        recording.tape.replay()
        learning_rate = self.learning_rate()
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
        record["learning_rate"] = np.reshape(learning_rate, self.lead if self.has_own_rates else ())
        self._fill_update(record)
        return record

    def next_batch(self) -> slice:
        """Return where the next batch stands in the order of its epoch; a new epoch draws that first."""
        position = self.states[0].step % self.plan.steps_per_epoch
        if position == 0:
            for each in self.states:
                each.permutation = each.shuffling.permutation(len(each.permutation))
            self._gather()
        return self.plan.batches.place(position)

    def _count_step(self) -> None:
        for state in self.states:
            state.step += 1
        # By the step alone, so that a resumed run does the same.
        if self.clears and self.states[0].step % subnormals.CLEARED_EVERY == 0:
            subnormals.clear(self.optimizer.slots.values())

    def make_changes(self) -> None:
        """Make the changes by hand that act before the next update, of a run alone."""
        for change in self.changes[self.states[0].changes_made :]:
            if change.step > self.states[0].step:
                break
            apply_change(change, self.network, self.states[0])

    def _blank(self) -> Record:
        state = self.states[0]
        record = Record.blank(state.step, self.network.depth, self.lead)
        record["epoch"] = state.step / self.plan.steps_per_epoch
        l1, decay = self.config.l1, self.own.weight_decay
        decays = l1 > 0 or self.config.weight_decay > 0
        theta = self.network.parameters.theta
        record["penalty"] = penalty(theta, l1, decay, self.decay_mask) if decays else 0.0
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

    def _note_seconds(self, record: Record) -> None:
        record["seconds"] = np.reshape([state.seconds for state in self.states], self.lead)

    def _finished(self, record: Record, evaluated: Sequence[bool] | None) -> Record:
        """Return a record with an evaluation of those runs, and update the status of each run."""
        if evaluated is not None:
            for number, monitor in compress(enumerate(self.monitors), evaluated):
                monitor.evaluate(record.row(number) if self.lead else record)
            if self.has_own_rates:
                self._set_rates()
        is_off = (record.measured & self.is_watched) > np.isfinite(record.scalars)
        diverged: list[bool] = np.ravel(is_off.any(axis=-1)).tolist()
        record.diverged = np.array(diverged) if self.lead else diverged[0]
        for state in self.states:
            state.recorded_step = record.step
        # What else a record means for a run, only an evaluation or divergence can say.
        if evaluated is not None or any(diverged):
            for monitor, has_diverged in zip(self.monitors, diverged, strict=True):
                monitor.update_status(has_diverged)
        return record
