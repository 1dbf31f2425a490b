"""Layers: each records its forward calls and returns what records the matching backward calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.nn.activations import Activation
from engine.nn.tape import Arena, Block, Tape, draw_uniform

Backward = Callable[[], None]


class Layer(Protocol):
    """What a network asks of a layer; ``number`` is 1 on the input side."""

    kind: str
    number: int

    @property
    def output(self) -> str:
        """Name of the layer's block in the arena."""
        ...

    def record(self, tape: Tape, arena: Arena, x: Block, training: bool) -> tuple[Block, Backward]:
        """Record ``y = f(x)``; return y's block, and what records ``x.error`` from ``y.error``."""
        ...


@dataclass
class Dense:
    """``z = W x + b``: each unit a weighted sum of its inputs.

    Parameters
    ----------
    number : int
        Counts dense layers from the input side, from 1.
    weight, gradient : numpy.ndarray
        Views of shape ``lead + (out, in + 1)`` into the network's flat vectors; the last column is b.
    """

    number: int
    weight: np.ndarray
    gradient: np.ndarray
    kind = "dense"

    @property
    def output(self) -> str:
        """Name of the block: z1, z2, ..."""
        return f"z{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, training: bool) -> tuple[Block, Backward]:
        """Record the product; its backward gives ``dW = dz xᵀ`` (b's part rides in it) and ``dx = Wᵀ dz``."""
        z, i, product = arena.blocks[self.output], self.number, tape.product()
        tape.call(product, self.weight, x.with_ones, z.values, label=f"z{i} = W{i} {x.name} + b{i}")

        def backward() -> None:
            inputs = x.with_ones.swapaxes(-1, -2)
            tape.call(product, z.error, inputs, self.gradient, label=f"dW{i} = dz{i} {x.name}ᵀ")
            if not x.is_input:
                without_bias = self.weight[..., :-1].swapaxes(-1, -2)
                tape.call(product, without_bias, z.error, x.error, label=f"d{x.name} = W{i}ᵀ dz{i}")

        return z, backward


@dataclass
class Activate:
    """``a = f(z)``, unit by unit."""

    number: int
    function: Activation
    kind = "activation"

    @property
    def output(self) -> str:
        """Name of the block: a1, a2, ..."""
        return f"a{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, training: bool) -> tuple[Block, Backward]:
        """Record the activation; its backward multiplies by the slope at each z."""
        a = arena.blocks[self.output]
        self.function.forward(tape, x.values, a.values, self.number)
        return a, lambda: self.function.backward(tape, x.values, a.values, a.error, x.error, self.number)


@dataclass
class Dropout:
    """Inverted dropout (Srivastava et al., 2014): units off with chance ``rate``, the others scaled up.

    Parameters
    ----------
    rate : float
        Chance in [0, 1) that a unit is off; nothing is dropped in evaluation.
    generators : sequence of numpy.random.Generator
        One for each replicate, a single one without a lead.
    """

    number: int
    rate: float
    generators: Sequence[np.random.Generator]
    kind = "dropout"

    @property
    def output(self) -> str:
        """Name of the block: d1, d2, ..."""
        return f"d{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, training: bool) -> tuple[Block, Backward]:
        """Record a fresh mask and its product; the backward uses the same mask. In evaluation y is x itself."""
        if not training:
            return x, lambda: None
        y, i = arena.blocks[self.output], self.number
        draws, kept = tape.array(*x.values.shape[-2:]), tape.array(*x.values.shape[-2:], dtype=np.bool_)
        keep, scale = tape.constant(1 - self.rate), tape.constant(1 / (1 - self.rate))
        for generator, part in zip(self.generators, draws if tape.lead else [draws], strict=True):
            tape.call(draw_uniform, generator, part, label=f"u{i} = uniform draws")
        tape.call(np.less, draws, keep, kept, label=f"m{i} = [u{i} < {1 - self.rate:g}]")
        tape.call(np.multiply, x.values, kept, y.values, label=f"d{i} = {x.name} m{i}")
        tape.call(np.multiply, y.values, scale, y.values, label=f"d{i} = d{i} / {1 - self.rate:g}")

        def backward() -> None:
            tape.call(np.multiply, y.error, kept, x.error, label=f"d{x.name} = dd{i} m{i}")
            tape.call(np.multiply, x.error, scale, x.error, label=f"d{x.name} = d{x.name} / {1 - self.rate:g}")

        return y, backward
