"""One training step of a run, call by call: forward, loss, backward, update."""

from collections.abc import Iterator
from contextlib import nullcontext
from copy import deepcopy
from typing import Any, cast

import numpy as np

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.nn.parameter_names import named_views
from engine.nn.recording import Recording
from engine.nn.tape import Instruction
from engine.training import subnormals
from engine.training.model import build_network, build_optimizer, take_over, target_columns
from engine.training.state import State
from engine.training.trainer import Training

LOSS = "loss"


class ExplainedStep:
    """The update that follows a state, on the plain tape, played one call at a time.

    The tape is the one that people read: each call one line of the textbook, none taken together with
    another. In the run's own precision it ends at the weights that training had, bit for bit; in float64 it
    shows what they would be without rounding. Nothing of the run changes.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    dataset : Dataset
    state : State
        Before the update; it is left as it is.
    row : int, optional
        A training row, from 0, to be the whole batch; without it the batch is that of the run's own step.
    dtype : str, optional
        Precision; by default float64.

    Attributes
    ----------
    rows : numpy.ndarray
        ``(batch,)``: the training rows of the batch.
    network : Network
        Its parameters and gradients are those that the calls read and write.
    learning_rate : float
        Of this update.
    before, gradient : numpy.ndarray
        ``(P,)``: the parameters before the update, and, once its calls have run, the gradient of the loss
        before clipping and penalties.
    instructions : list of Instruction
        In the order in which they run: phases ``forward``, ``loss``, ``backward``, ``update``.

    Raises
    ------
    ConfigError
        When there is no such row, or batch norm has one row alone.
    """

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        state: State,
        row: int | None = None,
        dtype: str = "float64",
    ) -> None:
        own = config.model_copy(update={"dtype": dtype})
        self._draws = _Draws(state.dropout, config.dtype)
        self.step, self.config = state.step, config
        self.network = build_network(
            own,
            dataset,
            *([cast(np.random.Generator, self._draws)] if any(config.dropout_rates) else []),
            passes=False,
        )
        take_over(self.network, state.learned)
        # What training itself would take next, asked of a copy: asking draws the order of an epoch.
        training = Training([config], dataset, [State.from_bytes(state.to_bytes())])
        self.learning_rate = float(training.learning_rate())
        if row is None:
            batch = training.next_batch()
            self.rows = training.states[0].permutation[batch]
        else:
            self.rows = _row(dataset, row)
        self.recording = self._recorded(row)
        np.copyto(self.recording.x, dataset.x_train[self.rows].T)
        np.copyto(self.recording.target, target_columns(own, dataset, dataset.y_train[self.rows]))
        self.optimizer = build_optimizer(own, self.network, has_own_rates=False)
        for name, slot in self.optimizer.slots.items():
            slot[...] = state.slots[name]
        self.optimizer.prepare(state.step + 1, self.learning_rate)
        self.before = self.network.parameters.theta.copy()
        self.gradient = np.zeros_like(self.before)
        self.instructions = self._in_order()

    def _recorded(self, row: int | None) -> Recording:
        try:
            return self.network.recording(len(self.rows))
        except ValueError as error:
            raise ConfigError(f"row must be left out for this run, got {row}: {error}") from None

    def _in_order(self) -> list[Instruction]:
        step, loss = self.recording.tape.instructions, self.recording.loss_tape.instructions
        first = next((place for place, each in enumerate(step) if each.phase != "forward"), len(step))
        return [*step[:first], *loss, *step[first:], *self.optimizer.update.instructions]

    def phase(self, instruction: Instruction) -> str:
        """Return the phase of a call; the value of the loss belongs to the loss."""
        return LOSS if instruction.phase == "measure" else instruction.phase

    def play(self) -> Iterator[Instruction]:
        """Run the calls one after the other, and yield each when it has run; its arrays show what it did."""
        flushing = nullcontext() if subnormals.method() == "cleared" else subnormals.Flushing()
        first_of_update = len(self.instructions) - len(self.optimizer.update)
        for place, each in enumerate(self.instructions):
            if place == first_of_update:
                self.gradient = self.network.parameters.grad.copy()  # clipping writes over it
            with flushing, np.errstate(all="ignore"):  # weights of a diverged run overflow
                each.function(*each.arguments)
            yield each

    def finish(self) -> "ExplainedStep":
        """Run all calls, and return the step."""
        for _ in self.play():
            pass
        return self

    def loss_at(self, place: int, value: float) -> float:
        """Return the loss of the batch with one parameter at another value, and the same units dropped.

        Parameters
        ----------
        place : int
            In the flat vector of parameters.
        """
        theta = self.network.parameters.theta
        theta[...] = self.before
        theta[place] = value
        self._draws.rewind()
        self.recording.tape.replay()
        self.recording.loss_tape.replay()
        theta[...] = self.before
        self.gradient = self.network.parameters.grad.copy()
        return self.loss

    @property
    def needs_rows(self) -> bool:
        """Whether one row alone is no batch here: batch norm takes the spread of several."""
        normalization = self.network.normalization
        return normalization is not None and normalization.needs_two_rows and self.network.depth > 1

    @property
    def loss(self) -> float:
        """Mean loss of the batch, once its calls have run."""
        return float(self.recording.loss)

    def named(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """Return the parts of a vector like theta by name: ``dense1.weight`` (out, in) and so on."""
        return named_views(self.network, vector)


def step_data(step: ExplainedStep) -> dict[str, Any]:
    """Return a step that has run as plain values, for JSON; see the command ``step``."""
    theta, gradient = step.network.parameters.theta, step.gradient
    return {
        "step": step.step,
        "rows": step.rows.tolist(),
        "learning_rate": step.learning_rate,
        "loss": step.loss,
        "grad_norm": float(np.linalg.norm(gradient)),
        "layers": _layers(step),
        "instructions": [
            {"phase": step.phase(each), "layer": each.layer, "label": each.label, **_output(each)}
            for each in step.instructions
        ],
        "weights": _lists(step.named(step.before)),
        "gradient": _lists(step.named(gradient)),
        "weights_after": _lists(step.named(theta)),
    }


def _output(instruction: Instruction) -> dict[str, Any]:
    """Return name and shape of what a call writes, without the row that nobody reads: see :class:`Block`."""
    name, (*shape,) = instruction.names.of(instruction.output), instruction.output.shape
    if name.endswith("; _]"):
        return {"output": name[1:-4], "shape": [shape[0] - 1, *shape[1:]]}
    return {"output": name, "shape": shape}


def _lists(named: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: array.tolist() for name, array in named.items()}


def _layers(step: ExplainedStep) -> list[dict[str, Any]]:
    parameters = step.network.parameters
    vectors = step.gradient, step.before, parameters.theta - step.before
    squares = [np.add.reduceat(np.square(vector), parameters.starts) for vector in vectors]
    gradient, weights, update = np.sqrt(squares)
    activations = [*step.config.activations, "identity"]
    return [
        {
            "layer": place + 1,
            "units": step.network.sizes[place + 1],
            "activation": activation,
            "grad_norm": float(gradient[place]),
            "weight_norm": float(weights[place]),
            "update_ratio": float(update[place] / weights[place]) if weights[place] else None,
        }
        for place, activation in enumerate(activations)
    ]


class _Draws:
    """Draws as a run's generator does in the run's own precision, whatever the precision of the tape."""

    def __init__(self, generator: np.random.Generator, dtype: str) -> None:
        self._first, self._dtype = deepcopy(generator), np.dtype(dtype)
        self.rewind()

    def rewind(self) -> None:
        """Draw the same once more."""
        self._generator = deepcopy(self._first)

    def random(self, *, dtype: Any, out: np.ndarray) -> None:
        """Fill ``out`` with draws from [0, 1)."""
        out[...] = self._generator.random(out.shape, self._dtype).astype(dtype)


def _row(dataset: Dataset, row: int) -> np.ndarray:
    if not 0 <= row < len(dataset.x_train):
        raise ConfigError(f"row must be a training row from 0 to {len(dataset.x_train) - 1:,}, got {row:,}")
    return np.array([row])
