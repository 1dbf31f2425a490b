"""A network under one's own hands: weights set, gradients and slots read, updates made.

The door for comparison with other programs: arrays go in and out as ``(n, features)`` in float64, under names
such as ``dense1.weight``, and nothing is drawn, shuffled or scaled on the way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.config import ConfigError, RunConfig, parse_config
from engine.config.errors import unknown_name
from engine.config.resolve import resolve
from engine.data.dataset import Dataset
from engine.nn.losses import LOSSES
from engine.nn.parameter_names import named_statistics, named_views
from engine.nn.schedules import PlateauMemory
from engine.training.model import build_network, build_optimizer, target_columns
from engine.training.plan import plan
from engine.training.schedule import build_plateau, build_schedule
from engine.training.state import DROPOUT, stream


class Laboratory:
    """A network, its optimizer and its schedule, in float64, with weights that are set by name.

    Parameters
    ----------
    settings : mapping or RunConfig
        Settings of a run by name, those left out take their defaults. ``loss`` must be named; what says how
        to start, to feed or to end a network (initializer, data, batch_size, early_stopping) has no effect.
    features, outputs : int
        Width of the input and of the output; 1 output for ``binary_cross_entropy``.
    steps_per_epoch : int
        How many updates count as an epoch, for the settings that are given in epochs: ``epochs`` and those of
        a schedule.

    Raises
    ------
    ConfigError
        For settings that are not known, do not fit each other, or do not fit the outputs.

    Examples
    --------
    >>> laboratory = Laboratory({"hidden_sizes": [2], "loss": "mse", "optimizer": "sgd"}, 1, 1)
    >>> laboratory.names
    ('dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias')
    >>> laboratory.set({"dense2.bias": [0.5]})
    >>> laboratory.outputs([[3.0]])
    array([[0.5]])
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | RunConfig,
        features: int,
        outputs: int,
        *,
        steps_per_epoch: int = 1,
    ) -> None:
        config = settings if isinstance(settings, RunConfig) else parse_config(settings)
        config = config.model_copy(update={"dtype": "float64", "batch_size": "full"})
        _check_whole(features=features, outputs=outputs, steps_per_epoch=steps_per_epoch)
        self._data = _stand_in(config, features, outputs)
        self.config = resolve(config, self._data.facts)
        self.network = build_network(self.config, self._data, stream(self.config.seed, DROPOUT))
        self.optimizer = build_optimizer(self.config, self.network)
        # A plan counts rows: batches of 2, so that batch norm has nothing against them.
        paced = self.config.model_copy(update={"batch_size": 2})
        rows = _stand_in(config, features, outputs, rows=2 * steps_per_epoch)
        planned = plan(paced, rows)
        self._schedule, self._plateau = build_schedule(paced, planned), build_plateau(paced, planned)
        self._memory = PlateauMemory()
        self.steps = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all that can be set, input side first: parameters, then batch norm's statistics."""
        return tuple(self._learned())

    def _learned(self) -> dict[str, np.ndarray]:
        return named_views(self.network, self.network.parameters.theta) | named_statistics(self.network)

    def set(self, values: Mapping[str, ArrayLike]) -> None:
        """Set parameters and statistics by name; those not named stay.

        Raises
        ------
        ValueError
            For a name that the network has not, or an array of another shape; nothing is set then.
        """
        learned = self._learned()
        arrays = {name: np.asarray(value, np.float64) for name, value in values.items()}
        for name, array in arrays.items():
            if name not in learned:
                raise ValueError(unknown_name("parameter", name, tuple(learned)))
            if array.shape != learned[name].shape:
                raise ValueError(f"{name} must have shape {learned[name].shape}, got {array.shape}")
        for name, array in arrays.items():
            learned[name][...] = array

    def read(self) -> dict[str, np.ndarray]:
        """Return copies of all parameters and statistics by name."""
        return {name: array.copy() for name, array in self._learned().items()}

    def slots(self) -> dict[str, dict[str, np.ndarray]]:
        """Return copies of what the optimizer remembers, by slot, then by parameter."""
        return {
            slot: {name: array.copy() for name, array in named_views(self.network, flat).items()}
            for slot, flat in self.optimizer.slots.items()
        }

    def outputs(self, x: ArrayLike) -> np.ndarray:
        """Return raw outputs ``(n, outputs)`` in evaluation mode: nothing dropped, running statistics."""
        return self.network.outputs(self._rows(x))

    def loss(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return the mean loss of rows in evaluation mode; targets as in :meth:`loss_and_gradients`."""
        x, target = self._batch(x, y)
        recording = self.network.recording(len(x), training=False)
        recording.x[...], recording.target[...] = x.T, target
        recording.tape.replay()
        recording.loss_tape.replay()
        return float(recording.loss)

    def loss_and_gradients(self, x: ArrayLike, y: ArrayLike) -> tuple[float, dict[str, np.ndarray]]:
        """Return the mean loss of a batch and its gradient, changing nothing.

        Batch norm takes the statistics of the batch, as in training; nothing is dropped. Neither clipping nor
        weight decay is in the gradient.

        Parameters
        ----------
        x : array_like
            ``(n, features)``.
        y : array_like
            ``(n,)`` integer labels for a cross-entropy, ``(n, outputs)`` values for other losses.

        Returns
        -------
        float, dict of str to numpy.ndarray
            The gradient by parameter, each shaped like it.
        """
        x, target = self._batch(x, y)
        recording = self.network.gradient_recording(len(x))
        recording.x[...], recording.target[...] = x.T, target
        recording.tape.replay()
        recording.loss_tape.replay()
        gradients = named_views(self.network, self.network.parameters.grad)
        return float(recording.loss), {name: array.copy() for name, array in gradients.items()}

    @property
    def learning_rate(self) -> float:
        """The rate of the next update, as the schedule has it."""
        return self.config.learning_rate * self._schedule(self.steps) * self._memory.factor

    def evaluated(self, val_loss: float) -> None:
        """Tell the schedule ``plateau`` the validation loss after the updates made so far."""
        if self._plateau:
            rate = self.config.learning_rate * self._schedule(self.steps)
            self._memory = self._plateau.after(self._memory, self.steps, val_loss, rate)

    def step(self, x: ArrayLike, y: ArrayLike) -> float:
        """Make one update on a batch: backward, clip, optimizer, schedule; return the loss before it."""
        x, target = self._batch(x, y)
        recording = self.network.recording(len(x))
        recording.x[...], recording.target[...] = x.T, target
        recording.tape.replay()
        recording.loss_tape.replay()
        self.optimizer.prepare(self.steps + 1, self.learning_rate)
        self.optimizer.update.replay()
        self.steps += 1
        return float(recording.loss)

    def _rows(self, x: ArrayLike) -> np.ndarray:
        rows = np.asarray(x, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self._data.features or not len(rows):
            raise ValueError(f"x must have shape (n, {self._data.features}), got {rows.shape}")
        return rows

    def _batch(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        rows, target = self._rows(x), self._target(y)
        if len(rows) != target.shape[1]:
            raise ValueError(f"x and y must have equally many rows, got {len(rows)} and {target.shape[1]}")
        return rows, target

    def _target(self, y: ArrayLike) -> np.ndarray:
        values = np.asarray(y)
        if self._data.task == "regression":
            width = self.network.sizes[-1]
            if values.ndim != 2 or values.shape[1] != width:
                raise ValueError(f"y must have shape (n, {width}), got {values.shape}")
        elif (
            values.ndim != 1
            or values.dtype.kind not in "iu"
            or not np.isin(values, np.arange(self._data.classes)).all()
        ):
            raise ValueError(
                f"y must hold whole labels from 0 to {self._data.classes - 1} in shape (n,), "
                f"got {values.dtype} of shape {values.shape}"
            )
        return target_columns(self.config, self._data, values)


def _check_whole(**counts: int) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ConfigError(f"{name} must be a whole number >= 1, got {count!r}")


def _stand_in(config: RunConfig, features: int, outputs: int, rows: int = 2) -> Dataset:
    """Return data of the right shape without content: building a network asks for shapes only."""
    if config.loss == "auto":
        raise ConfigError("loss must be named here, where no data can decide it, got auto")
    if config.class_weights == "balanced":
        raise ConfigError("class_weights must be numbers here, where no data can decide them, got balanced")
    is_classes = "regression" not in LOSSES[config.loss].fits
    if config.loss == "binary_cross_entropy" and outputs != 1:
        raise ConfigError(f"outputs must be 1 with binary_cross_entropy, got {outputs}")
    if config.loss == "cross_entropy" and outputs < 2:
        raise ConfigError(f"outputs must be >= 2 with cross_entropy, got {outputs}")
    x = np.broadcast_to(np.zeros(features), (rows, features))
    y = np.zeros(rows, np.int64) if is_classes else np.broadcast_to(np.zeros(outputs), (rows, outputs))
    classes = tuple(str(label) for label in range(max(outputs, 2))) if is_classes else ()
    names = tuple(f"x{number}" for number in range(1, features + 1))
    task = "classification" if is_classes else "regression"
    return Dataset("laboratory", task, x, y, x, y, np.zeros(features), np.ones(features), names, classes)
