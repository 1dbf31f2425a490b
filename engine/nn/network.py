"""The network: layers in a row, recorded forward, then backward in reverse: the chain rule."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.nn.activations import Activation
from engine.nn.initializers import Initializer
from engine.nn.layers import Activate, Dense, Dropout, Fork, Join, Layer, Mode
from engine.nn.losses import Loss
from engine.nn.normalization import NORMALIZATIONS, Normalization
from engine.nn.parameters import Parameters, views
from engine.nn.passes import in_pieces, masks_together
from engine.nn.recording import Recording
from engine.nn.tape import Arena, Block, Lead, Tape, Value

# Batches of this many columns and more are taken in pieces of about so many.
LARGE_BATCH, PIECE = 2048, 1024

Shapes = list[tuple[int, int]]


def parameter_shapes(sizes: Sequence[int], normalization: str) -> tuple[Shapes, Shapes, Shapes]:
    """Return the shapes of each dense layer's weights, and of the normalisation behind it.

    Returns
    -------
    weights : list of (int, int)
        ``(out, in + 1)``, ``(out, in)`` for a layer without bias, such as one before batch norm.
    norms, statistics : list of (int, int)
        ``(rows, out)``: what the normalisation learns and remembers, 0 rows where there is none.
    """
    hidden = len(sizes) - 2
    shapes, norms, statistics = [], [], []
    for index, (fan_in, out) in enumerate(pairwise(sizes)):
        norm = NORMALIZATIONS[normalization] if index < hidden else None
        shapes.append((out, fan_in + 1 if norm is None or norm.keeps_bias else fan_in))
        norms.append((len(norm.parameter_starts) if norm else 0, out))
        statistics.append((len(norm.statistic_starts) if norm else 0, out))
    return shapes, norms, statistics


class Network:
    """A multilayer perceptron: dense layers, between them an activation, raw outputs at the end.

    Each hidden layer is dense, normalisation, activation, dropout, in this order, and then, where there is a
    residual connection, the sum with what the hidden layer before it gave.

    Parameters
    ----------
    sizes : sequence of int
        Features, units of each hidden layer, outputs.
    activation : Activation or sequence of Activation
        Of every hidden layer, or one for each.
    loss : Loss
    dropout : float or sequence of float
        Chance in [0, 1) that a hidden unit is off in a training step: one, or one for each hidden layer;
        where replicates differ, that of a layer is ``(R, 1, 1)``.
    generators : sequence of numpy.random.Generator
        Draw the dropout masks: one for each replicate; needed only with dropout.
    normalization : str
        A name of ``NORMALIZATIONS``, for every hidden layer.
    residual : bool
        Whether a connection goes around every hidden layer that is as wide as the hidden layer before it.
    dtype : numpy dtype
    lead : tuple of int
        ``()``, or ``(R,)`` for R replicates with weights of their own.
    within : (Network, int), optional
        A network with a lead, and the number of the replicate in it that this one is: it lives in that one's
        vectors, and has the weights that stand there.
    passes : bool
        Whether the tapes of training go through :mod:`engine.nn.passes`; without them they are plain.

    Attributes
    ----------
    statistics : numpy.ndarray
        What the normalisations remember, such as running mean and variance of every batch norm, in one flat
        vector, ``lead + (S,)``; S is 0 without. What a network has learned is ``parameters.theta`` and this.
    running : list of numpy.ndarray
        Views of it, ``lead + (rows, units)``, one a layer.
    normalization : type or None
        The class that stands between weighted sums and activation.
    activations : tuple of Activation
        Of each hidden layer, input side first.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation | Sequence[Activation],
        loss: Loss,
        *,
        dropout: float | Sequence[Value] = 0.0,
        generators: Sequence[np.random.Generator] = (),
        normalization: str = "none",
        residual: bool = False,
        dtype: Any = np.float32,
        lead: Lead = (),
        within: "tuple[Network, int] | None" = None,
        passes: bool = True,
    ) -> None:
        self.sizes = tuple(sizes)
        self.activations: tuple[Activation, ...] = _for_each(activation, len(self.sizes) - 2)
        self.loss = loss
        self.dtype = np.dtype(dtype)
        self.lead = lead
        self.passes = passes
        self.normalization = NORMALIZATIONS[normalization]
        shapes, norms, remembered = parameter_shapes(self.sizes, normalization)
        ends = np.cumsum([rows * units for rows, units in remembered])
        if within is None:
            self.parameters = Parameters(shapes, dtype, lead, norms)
            self.statistics = np.empty((*lead, int(ends[-1])), dtype)
        else:
            stack, number = within
            vectors = stack.parameters.theta[number], stack.parameters.grad[number]
            self.parameters = Parameters(shapes, dtype, lead, norms, vectors)
            self.statistics = stack.statistics[number]
        self.running = views(self.statistics, [0, *ends[:-1].tolist()], remembered)
        if self.normalization is not None and within is None:
            _start(self.parameters.norms, self.normalization.parameter_starts)
            _start(self.running, self.normalization.statistic_starts)
        self.layers = self._build(dropout, generators, residual)
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        self._recordings: dict[tuple[int, Mode], Recording] = {}

    def _build(
        self,
        dropout: float | Sequence[Value],
        generators: Sequence[np.random.Generator],
        residual: bool,
    ) -> list[Layer]:
        layers: list[Layer] = []
        parameters, normalization = self.parameters, self.normalization
        for index, weight in enumerate(parameters.weights):
            number = index + 1
            is_hidden = number < self.depth
            norm = parameters.norms[index], parameters.norm_gradients[index]
            has_bias = not is_hidden or normalization is None or normalization.keeps_bias
            goes_around = residual and is_hidden and index > 0 and self.sizes[index] == self.sizes[number]
            if goes_around:
                layers.append(Fork(number))
            layers.append(Dense(number, weight, parameters.gradients[index], has_bias))
            if not is_hidden:
                break
            if normalization is not None:
                layers.append(normalization(number, *norm, self.running[index]))
            layers.append(Activate(number, self.activations[index]))
            rate = dropout if isinstance(dropout, float | int) else dropout[index]
            if np.any(rate > 0):
                layers.append(Dropout(number, rate, generators))
            if goes_around:
                layers.append(Join(number))
        return layers

    @property
    def depth(self) -> int:
        """Number of dense layers: hidden layers and the output layer."""
        return len(self.sizes) - 1

    def initialize(
        self,
        initializer: Initializer | Sequence[Initializer],
        generators: Sequence[np.random.Generator],
        bias: Initializer | Sequence[Initializer | None] | None = None,
    ) -> None:
        """Draw the weights of each layer from a generator of its own; biases become 0, or are drawn next.

        Initializers are one for all layers, or one for each.
        """
        starts, biases = (_for_each(each, self.depth) for each in (initializer, bias))
        for layer, generator, start, own in zip(self.dense, generators, starts, biases, strict=True):
            fan_out, fan_in = layer.matrix.shape[-2:]
            layer.matrix[...] = start(generator, fan_in, fan_out)
            if layer.bias is not None:
                layer.bias[...] = 0 if own is None else own(generator, fan_in, fan_out)

    def recording(self, batch: int, training: bool = True) -> Recording:
        """Return the tape for a batch size; recorded at the first call, kept for the next.

        Parameters
        ----------
        batch : int
            Number of columns.
        training : bool
            With backward pass, dropout and the batch's own statistics; otherwise the forward pass alone.

        Raises
        ------
        ValueError
            For a training batch of one row where the normalisation needs two.
        """
        mode: Mode = "training" if training else "evaluation"
        if (
            training
            and batch < 2
            and self.depth > 1
            and self.normalization
            and self.normalization.needs_two_rows
        ):
            raise ValueError(f"{self.normalization.__name__} needs batches of 2 rows or more, got {batch}")
        if (batch, mode) not in self._recordings:
            record = self._record_in_pieces if training and self._is_better_in_pieces(batch) else self._record
            self._recordings[batch, mode] = record(batch, mode)
        return self._recordings[batch, mode]

    def gradient_recording(self, batch: int) -> Recording:
        """Return a fresh tape with the backward pass and nothing dropped, for checks and pictures.

        Batch norm takes the batch's statistics, as in training, and leaves its running ones alone.
        """
        return self._record(batch, "gradient")

    def _record(self, batch: int, mode: Mode) -> Recording:
        tape = Tape(self.dtype, self.lead)
        arena = tape.arena(self._rows(mode), batch)
        target = tape.array(self.sizes[-1], batch, name="y")
        first = block = arena.blocks["a0"]
        if mode == "training" and self.passes:
            dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
            arena.masks = masks_together(
                tape, dropouts, [self.sizes[each.number] for each in dropouts], batch
            )
        backwards = []
        for layer in self.layers:
            if isinstance(layer, Normalization):
                layer.name_rows(tape)
            with tape.section("forward", layer.number):
                block, step_back = layer.record(tape, arena, block, mode)
            backwards.append((layer.number, step_back))
        if mode != "evaluation":
            with tape.section("loss"):
                self.loss.record_error(tape, block, target)
            for number, step_back in reversed(backwards):
                with tape.section("backward", number):
                    step_back()
        return self._with_loss(tape, first.values, target, block, arena)

    def _is_better_in_pieces(self, batch: int) -> bool:
        """Tell whether a batch is large enough, and its gradient the mean of those of any pieces."""
        outputs = self.sizes[-1]
        is_plain_mean = self.loss.mass(np.zeros((outputs, 2))) == self.loss.mass(np.ones((outputs, 2)))
        norm = self.normalization
        looks_at_rows = norm is not None and (norm.needs_two_rows or bool(norm.statistic_starts))
        draws = any(isinstance(layer, Dropout) for layer in self.layers)
        return self.passes and batch >= LARGE_BATCH and is_plain_mean and not (looks_at_rows or draws)

    def _record_in_pieces(self, batch: int, mode: Mode) -> Recording:
        last = f"z{self.depth}"
        rows = [("input", "a0", self.sizes[0]), ("dense", last, self.sizes[-1])]
        arena, tape = Arena(rows, batch, self.dtype, self.lead), Tape(self.dtype, self.lead)
        target = tape.array(self.sizes[-1], batch)
        whole = self._with_loss(tape, arena.blocks["a0"].values, target, arena.blocks[last], arena)
        in_pieces(whole, PIECE, lambda width: self._record(width, mode), self.parameters.grad)
        return whole

    def _with_loss(
        self, tape: Tape, x: np.ndarray, target: np.ndarray, output: Block, arena: Arena
    ) -> Recording:
        loss_tape, loss = Tape(self.dtype, self.lead), np.full(self.lead, np.nan)
        for array, name in ((output.values, output.name), (target, "y"), (loss, "L")):
            loss_tape.named(array, name)
        with loss_tape.section("measure"):
            self.loss.record_value(loss_tape, output, target, loss)
        return Recording(tape, x, target, output, loss_tape, loss, arena)

    def _rows(self, mode: Mode) -> list[tuple[str, str, int]]:
        without = {"fork"} if mode == "training" else {"fork", "dropout"}
        kept = [layer for layer in self.layers if layer.kind not in without]
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


def _for_each(value: Any, layers: int) -> tuple[Any, ...]:
    each = tuple(value) if isinstance(value, Sequence) else (value,) * layers
    assert len(each) == layers, f"must be one, or one for each of {layers} layers, got {len(each)}"
    return each


def _start(layers: Sequence[np.ndarray], starts: Mapping[str, float]) -> None:
    """Set the rows of each layer, ``lead + (rows, units)``, to the values that they start from."""
    for rows in layers:
        for row, value in zip(np.moveaxis(rows, -2, 0), starts.values(), strict=False):  # none in the last
            row[...] = value
