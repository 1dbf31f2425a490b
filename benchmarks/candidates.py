"""Our own candidates of the speed benchmark: tapes, their matrix products alone, the loop."""

import time
from typing import Protocol

import numpy as np

from benchmarks.workloads import Workload
from engine.nn.activations import ACTIVATIONS
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer
from engine.nn.parameter_names import named_statistics, named_views
from engine.training.model import build_loss, build_optimizer, initial_state, target_columns
from engine.training.state import DROPOUT, stream
from engine.training.trainer import train

Named = dict[str, np.ndarray]


class Candidate(Protocol):
    """What is timed: training from the start of a workload, batch after batch."""

    def restart(self) -> None:
        """Go back to the weights of the start; the optimizer has forgotten everything."""
        ...

    def run(self, steps: int) -> None:
        """Make so many updates, going on where the last call ended."""
        ...


def build(workload: Workload, passes: bool) -> tuple[Network, Optimizer]:
    """Return network and optimizer of a workload, on plain tapes or on those with passes; weights 0."""
    config, dataset = workload.config, workload.dataset
    network = Network(
        workload.sizes,
        [ACTIVATIONS[name] for name in config.activations],
        build_loss(config, dataset),
        dropout=config.dropout_rates,
        generators=[stream(config.seed, DROPOUT)],
        normalization=config.normalization,
        dtype=config.dtype,
        passes=passes,
    )
    transforms = build_optimizer(config, network).transforms
    return network, Optimizer(network.parameters, transforms)


class Ours:
    """A step as the training loop makes it: batch in, gradient, update; measured where statistics are due.

    Parameters
    ----------
    workload : Workload
    passes : bool
        Whether the tapes are those with passes.
    every : int
        Statistics at every so many steps, never with 0: the loss of the batch, and of each layer the norm of
        the gradient before and after clipping, its mean magnitude, the norms of weights and update.
    """

    def __init__(self, workload: Workload, passes: bool, every: int = 0) -> None:
        self.workload, self.every, self.steps = workload, every, 0
        self.network, self.optimizer = build(workload, passes)
        self.start = workload.start.astype(workload.config.dtype)
        self.statistics = self.network.statistics.copy()
        config, dataset = workload.config, workload.dataset
        x = np.ascontiguousarray(dataset.x_train.T, dtype=config.dtype)
        y = target_columns(config, dataset, dataset.y_train)
        self.batches = [(x[:, rows], y[:, rows]) for rows in workload.batches]
        self.recording = self.network.recording(workload.batch)
        self.restart()

    def restart(self) -> None:
        """Go back to the start."""
        self.steps = 0
        self.network.parameters.theta[...] = self.start
        self.network.statistics[...] = self.statistics
        for slot in self.optimizer.slots.values():
            slot[...] = 0

    def run(self, steps: int) -> None:
        """Make updates."""
        recording, optimizer, batches = self.recording, self.optimizer, self.batches
        rate, every, count = self.workload.config.learning_rate, self.every, len(batches)
        with np.errstate(all="ignore"):
            for step in range(self.steps, self.steps + steps):
                x, y = batches[step % count]
                np.copyto(recording.x, x)
                np.copyto(recording.target, y)
                recording.tape.replay()
                optimizer.prepare(step + 1, rate)
                if every and (step + 1) % every == 0:
                    recording.loss_tape.replay()
                    optimizer.measured_update.replay()
                else:
                    optimizer.update.replay()
        self.steps += steps

    def read(self) -> Named:
        """Return copies of weights and running statistics by name."""
        named = named_views(self.network, self.network.parameters.theta) | named_statistics(self.network)
        return {name: array.copy() for name, array in named.items()}

    @property
    def calls(self) -> int:
        """Number of numpy calls of a step without statistics, beside the two that copy the batch in."""
        return len(self.recording.tape) + len(self.optimizer.update)

    @property
    def measuring_calls(self) -> int:
        """Number of calls that statistics add to a step."""
        measured = len(self.optimizer.measured_update) - len(self.optimizer.update)
        return len(self.recording.loss_tape) + measured

    def subnormal_share(self) -> float:
        """Return the share of subnormal numbers among weights, gradient and what the optimizer remembers."""
        parameters = self.network.parameters
        vectors = [parameters.theta, parameters.grad, *self.optimizer.slots.values()]
        numbers = np.abs(np.concatenate(vectors))
        return float(((numbers > 0) & (numbers < np.finfo(numbers.dtype).tiny)).mean())


class Floor:
    """The matrix products of the plain tape and nothing else: no step on numpy can be faster."""

    def __init__(self, workload: Workload) -> None:
        ours = Ours(workload, passes=False)
        ours.run(1)
        instructions = ours.recording.tape.instructions
        self.products = [(each.function, each.arguments) for each in instructions if "W" in each.label]

    def restart(self) -> None:
        """Do nothing: products learn nothing."""

    def run(self, steps: int) -> None:
        """Compute the products of so many steps."""
        products = self.products
        for _ in range(steps):
            for function, arguments in products:
                function(*arguments)


class Loop:
    """A whole run of :func:`engine.training.trainer.train`: shuffling, records and evaluations as planned."""

    def __init__(self, workload: Workload, epochs: int) -> None:
        changed = workload.with_settings(epochs=epochs)
        self.config, self.dataset = changed.config, changed.dataset
        self.steps = self.records = 0

    def seconds_per_step(self) -> float:
        """Train once and return the processor's time of a step; record 0 and what is built come before."""
        state = initial_state(self.config, self.dataset)
        stream_of_records = train(self.config, self.dataset, state)
        next(stream_of_records)
        started = time.process_time()
        self.records = sum(record is not None for record in stream_of_records)
        self.steps = state.step
        return (time.process_time() - started) / state.step
