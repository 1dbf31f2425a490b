"""The network: layers in a row, recorded forward, then backward in reverse: the chain rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from engine.nn.activations import Activation
from engine.nn.initializers import Initializer
from engine.nn.layers import Activate, Dense, Dropout, Layer, Mode
from engine.nn.losses import Loss
from engine.nn.normalization import BatchNorm, LayerNorm
from engine.nn.parameters import Parameters, views
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


def parameter_shapes(sizes: Sequence[int], normalization: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the shape of each dense layer's weights, and the units of the normalisation behind it or 0.

    Before batch norm a dense layer has no bias: ``(out, in)`` instead of ``(out, in + 1)``.
    """
    hidden = len(sizes) - 2
    shapes, norm_widths = [], []
    for index, (fan_in, out) in enumerate(pairwise(sizes)):
        norm = normalization if index < hidden else "none"
        shapes.append((out, fan_in if norm == "batch" else fan_in + 1))
        norm_widths.append(0 if norm == "none" else out)
    return shapes, norm_widths


class Network:
    """A multilayer perceptron: dense layers, between them an activation, raw outputs at the end.

    Each hidden layer is dense, normalisation, activation, dropout, in this order.

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
    normalization : str
        ``none``, ``batch`` or ``layer``, of every hidden layer.
    dtype : numpy dtype
    lead : tuple of int
        ``()``, or ``(R,)`` for R replicates with weights of their own.

    Attributes
    ----------
    statistics : numpy.ndarray
        Running mean and variance of every batch norm in one flat vector, ``lead + (S,)``; S is 0 without.
        What a network has learned is ``parameters.theta`` and this.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        loss: Loss,
        *,
        dropout: float = 0.0,
        generators: Sequence[np.random.Generator] = (),
        normalization: str = "none",
        dtype: Any = np.float32,
        lead: Lead = (),
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.loss = loss
        self.dtype = np.dtype(dtype)
        self.lead = lead
        shapes, norm_widths = parameter_shapes(self.sizes, normalization)
        self.parameters = Parameters(shapes, dtype, lead, norm_widths)
        for norm in self.parameters.norms:
            norm[..., 0, :] = 1
        widths = np.array(norm_widths) * (normalization == "batch")
        self.statistics = np.zeros((*lead, 2 * int(widths.sum())), dtype)
        starts = 2 * (np.cumsum(widths) - widths)
        self.running = views(self.statistics, starts, [(2, int(width)) for width in widths])
        for each in self.running:
            each[..., 1, :] = 1
        self.layers = self._build(normalization, dropout, generators)
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        self._recordings: dict[tuple[int, Mode], Recording] = {}

    def _build(
        self, normalization: str, dropout: float, generators: Sequence[np.random.Generator]
    ) -> list[Layer]:
        layers: list[Layer] = []
        parameters = self.parameters
        for index, (weight, gradient) in enumerate(
            zip(parameters.weights, parameters.gradients, strict=True)
        ):
            number = index + 1
            is_hidden = number < self.depth
            norm = parameters.norms[index], parameters.norm_gradients[index]
            layers.append(Dense(number, weight, gradient, not (is_hidden and normalization == "batch")))
            if not is_hidden:
                break
            if normalization == "batch":
                layers.append(BatchNorm(number, *norm, self.running[index]))
            elif normalization == "layer":
                layers.append(LayerNorm(number, *norm))
            layers.append(Activate(number, self.activation))
            if dropout > 0:
                layers.append(Dropout(number, dropout, generators))
        return layers

    @property
    def depth(self) -> int:
        """Number of dense layers: hidden layers and the output layer."""
        return len(self.sizes) - 1

    def initialize(
        self,
        initializer: Initializer,
        generators: Sequence[np.random.Generator],
        bias: Initializer | None = None,
    ) -> None:
        """Draw the weights of each layer from a generator of its own; biases become 0, or are drawn next."""
        for layer, generator in zip(self.dense, generators, strict=True):
            fan_out, fan_in = layer.matrix.shape[-2:]
            layer.matrix[...] = initializer(generator, fan_in, fan_out)
            if layer.bias is not None:
                layer.bias[...] = 0 if bias is None else bias(generator, fan_in, fan_out)

    def recording(self, batch: int, training: bool = True) -> Recording:
        """Return the tape for a batch size; recorded at the first call, kept for the next.

        Parameters
        ----------
        batch : int
            Number of columns.
        training : bool
            With backward pass, dropout and the batch's own statistics; otherwise the forward pass alone.
        """
        mode: Mode = "training" if training else "evaluation"
        if (batch, mode) not in self._recordings:
            self._recordings[batch, mode] = self._record(batch, mode)
        return self._recordings[batch, mode]

    def gradient_recording(self, batch: int) -> Recording:
        """Return a fresh tape with the backward pass and nothing dropped, for checks and pictures.

        Batch norm takes the batch's statistics, as in training, and leaves its running ones alone.
        """
        return self._record(batch, "gradient")

    def _record(self, batch: int, mode: Mode) -> Recording:
        tape = Tape(self.dtype, self.lead)
        arena = Arena(self._rows(mode), batch, self.dtype, self.lead)
        target = tape.array(self.sizes[-1], batch)
        first = block = arena.blocks["a0"]
        backwards = []
        for layer in self.layers:
            with tape.section("forward", layer.number):
                block, step_back = layer.record(tape, arena, block, mode)
            backwards.append((layer.number, step_back))
        if mode != "evaluation":
            with tape.section("loss"):
                self.loss.record_error(tape, block, target)
            for number, step_back in reversed(backwards):
                with tape.section("backward", number):
                    step_back()
        loss_tape, loss = Tape(self.dtype, self.lead), np.zeros(self.lead, np.float64)
        with loss_tape.section("measure"):
            self.loss.record_value(loss_tape, block, target, loss)
        return Recording(tape, first.values, target, block, loss_tape, loss, arena)

    def _rows(self, mode: Mode) -> list[tuple[str, str, int]]:
        kept = [layer for layer in self.layers if mode == "training" or layer.kind != "dropout"]
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
