"""The network: layers in a row, recorded forward, then backward in reverse: the chain rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.nn.activations import Activation
from engine.nn.initializers import Initializer
from engine.nn.layers import Activate, Dense, Dropout, Layer
from engine.nn.losses import Loss
from engine.nn.parameters import Parameters
from engine.nn.tape import Arena, Block, Lead, Tape


@dataclass(frozen=True)
class Recording:
    """A tape for one batch size, with the arrays that go in and come out.

    Attributes
    ----------
    tape : Tape
    x, target : numpy.ndarray
        To be filled before a replay, shapes ``lead + (features, batch)`` and ``lead + (outputs, batch)``.
    output : Block
        Raw outputs of the last dense layer, and the derivative of the loss with respect to them.
    loss_tape : Tape
        Computes ``loss`` from the outputs, apart because not every step needs it.
    loss : numpy.ndarray
        Mean loss of the batch, float64, shape ``lead``.
    arena : Arena
        The outputs and errors of all layers.
    """

    tape: Tape
    x: np.ndarray
    target: np.ndarray
    output: Block
    loss_tape: Tape
    loss: np.ndarray
    arena: Arena


class Network:
    """A multilayer perceptron: dense layers with an activation between them, raw outputs at the end.

    Parameters
    ----------
    sizes : sequence of int
        Features, units of each hidden layer, outputs.
    activation : Activation
        Of every hidden layer.
    loss : Loss
    dropout : float
        Chance in [0, 1) that a hidden unit is off in a training step.
    generators : sequence of numpy.random.Generator
        Draw the dropout masks: one for each replicate; needed only with dropout.
    dtype : numpy dtype
    lead : tuple of int
        ``()``, or ``(R,)`` for R replicates with weights of their own.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        loss: Loss,
        *,
        dropout: float = 0.0,
        generators: Sequence[np.random.Generator] = (),
        dtype: Any = np.float32,
        lead: Lead = (),
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.loss = loss
        self.dtype = np.dtype(dtype)
        self.lead = lead
        fans = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        self.parameters = Parameters([(out, fan_in + 1) for out, fan_in in fans], dtype, lead)
        self.layers = self._build(dropout, generators)
        self._recordings: dict[tuple[int, bool], Recording] = {}

    def _build(self, dropout: float, generators: Sequence[np.random.Generator]) -> list[Layer]:
        layers: list[Layer] = []
        views = zip(self.parameters.weights, self.parameters.gradients, strict=True)
        for number, (weight, gradient) in enumerate(views, start=1):
            layers.append(Dense(number, weight, gradient))
            if number < self.depth:
                layers.append(Activate(number, self.activation))
                if dropout > 0:
                    layers.append(Dropout(number, dropout, generators))
        return layers

    @property
    def depth(self) -> int:
        """Number of dense layers: hidden layers and the output layer."""
        return len(self.sizes) - 1

    def initialize(self, initializer: Initializer, generators: Sequence[np.random.Generator]) -> None:
        """Draw the weights of each layer from a generator of its own and set the biases to 0."""
        for weight, generator in zip(self.parameters.weights, generators, strict=True):
            fan_out, fan_in = weight.shape[-2], weight.shape[-1] - 1
            weight[..., :-1] = initializer(generator, fan_in, fan_out)
            weight[..., -1] = 0

    def recording(self, batch: int, training: bool = True) -> Recording:
        """Return the tape for a batch size; recorded at the first call, kept for the next.

        Parameters
        ----------
        batch : int
            Number of columns.
        training : bool
            With backward pass and dropout; otherwise the forward pass alone, nothing dropped.
        """
        key = (batch, training)
        if key not in self._recordings:
            self._recordings[key] = self._record(batch, training, backward=training)
        return self._recordings[key]

    def gradient_recording(self, batch: int) -> Recording:
        """Return a fresh tape with the backward pass and nothing dropped, for checks and pictures."""
        return self._record(batch, training=False, backward=True)

    def _record(self, batch: int, training: bool, backward: bool) -> Recording:
        tape = Tape(self.dtype, self.lead)
        arena = Arena(self._rows(training), batch, self.dtype, self.lead)
        target = tape.array(self.sizes[-1], batch)
        first = block = arena.blocks["a0"]
        backwards = []
        for layer in self.layers:
            with tape.section("forward", layer.number):
                block, step_back = layer.record(tape, arena, block, training)
            backwards.append((layer.number, step_back))
        if backward:
            with tape.section("loss"):
                self.loss.record_error(tape, block, target)
            for number, step_back in reversed(backwards):
                with tape.section("backward", number):
                    step_back()
        loss_tape, loss = Tape(self.dtype, self.lead), np.zeros(self.lead, np.float64)
        with loss_tape.section("measure"):
            self.loss.record_value(loss_tape, block, target, loss)
        return Recording(tape, first.values, target, block, loss_tape, loss, arena)

    def _rows(self, training: bool) -> list[tuple[str, str, int]]:
        kept = [layer for layer in self.layers if training or layer.kind != "dropout"]
        layers = [(layer.kind, layer.output, self.sizes[layer.number]) for layer in kept]
        return [("input", "a0", self.sizes[0]), *layers]

    def outputs(self, x: np.ndarray, block_rows: int = 1024) -> np.ndarray:
        """Return the raw outputs for rows ``(n, features)`` in evaluation mode, ``(n, outputs)``.

        Only for a network without a lead.
        """
        result = np.empty((len(x), self.sizes[-1]), self.dtype)
        for start in range(0, len(x), block_rows):
            rows = x[start : start + block_rows]
            recording = self.recording(len(rows), training=False)
            recording.x[...] = rows.T
            recording.tape.replay()
            result[start : start + len(rows)] = recording.output.values.T
        return result
