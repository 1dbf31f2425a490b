"""Layers: each records its forward calls and returns what records the matching backward calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.nn.activations import Activation
from engine.nn.adapters import draw_uniform
from engine.nn.tape import Arena, Block, Tape, Value

Backward = Callable[[], None]
# What a recording is for: a step of training; its gradient alone, with nothing dropped and no memory
# changed, for checks and pictures; or outputs in evaluation, which have no backward pass.
Mode = Literal["training", "gradient", "evaluation"]


class Layer(Protocol):
    """What a network asks of a layer; ``number`` is 1 on the input side."""

    kind: str
    number: int

    @property
    def output(self) -> str:
        """Name of the layer's block in the arena."""
        ...

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
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
    has_bias : bool
        Without it the views are ``lead + (out, in)`` and ``z = W x``.
    """

    number: int
    weight: np.ndarray
    gradient: np.ndarray
    has_bias: bool
    kind = "dense"

    @property
    def matrix(self) -> np.ndarray:
        """View of W, ``lead + (out, in)``."""
        return self.weight[..., :-1] if self.has_bias else self.weight

    @property
    def bias(self) -> np.ndarray | None:
        """View of b, ``lead + (out,)``."""
        return self.weight[..., -1] if self.has_bias else None

    @property
    def output(self) -> str:
        """Name of the block: z1, z2, ..."""
        return f"z{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the product; its backward gives ``dW = dz xᵀ`` (b's part rides in it) and ``dx = Wᵀ dz``."""
        z, i = arena.blocks[self.output], self.number
        inputs, errors = (x.with_ones, x.error_with_ones) if self.has_bias else (x.values, x.error)
        tape.named(self.weight, f"[W{i} b{i}]" if self.has_bias else f"W{i}")
        tape.named(self.gradient, f"[dW{i} db{i}]" if self.has_bias else f"dW{i}")
        tape.matmul(self.weight, inputs, z.values)

        def backward() -> None:
            tape.matmul(z.error, inputs.swapaxes(-1, -2), self.gradient)
            if not x.is_input:
                tape.matmul(self.weight.swapaxes(-1, -2), z.error, errors)

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

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the activation; its backward multiplies by the slope at each z."""
        a = arena.blocks[self.output]
        self.function.forward(tape, x, a)
        return a, lambda: self.function.backward(tape, x, a)


@dataclass
class Dropout:
    """Inverted dropout (Srivastava et al., 2014): units off with chance ``rate``, the others scaled up.

    Parameters
    ----------
    rate : float or numpy.ndarray
        Chance in [0, 1) that a unit is off, or that of each replicate, ``(R, 1, 1)``; nothing is dropped in
        evaluation.
    generators : sequence of numpy.random.Generator
        One for each replicate, a single one without a lead.
    """

    number: int
    rate: Value
    generators: Sequence[np.random.Generator]
    kind = "dropout"

    @property
    def output(self) -> str:
        """Name of the block: d1, d2, ..."""
        return f"d{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the product with a mask; the backward reuses the mask. Else y is x."""
        if mode != "training":
            return x, no_backward
        y, i = arena.blocks[self.output], self.number
        mask = arena.masks[i] if i in arena.masks else self.record_mask(tape, *x.values.shape[-2:])
        tape.multiply(x.values, mask, y.values)
        return y, lambda: tape.multiply(y.error, mask, x.error)

    def record_mask(self, tape: Tape, units: int, batch: int) -> np.ndarray:
        """Record a fresh mask, 0 or 1 / (1 - rate); return where it will stand, ``lead + (units, batch)``."""
        keep, mask = 1 - self.rate, tape.array(units, batch, name="m")
        kept = tape.named(np.zeros((*tape.lead, units, batch), np.bool_), f"k{self.number or ''}")
        # A generator fills only what is one piece of memory.
        draws = tape.named(np.zeros_like(kept, tape.dtype), f"u{self.number or ''}") if tape.lead else mask
        parts = list(draws) if tape.lead else [draws]
        for replicate, (generator, part) in enumerate(zip(self.generators, parts, strict=True)):
            if tape.lead:
                tape.named(part, f"u{self.number or ''}[{replicate}]")
            tape.call(draw_uniform, generator, part)
        tape.call(np.less, draws, tape.constant(keep, "keep"), kept)
        tape.assign(kept, mask)
        tape.multiply(mask, tape.constant(1 / keep, "1/keep"), mask)
        return mask


@dataclass
class Fork:
    """Where a residual connection leaves (He et al., 2016): its input goes on as it is, and around a layer.

    The chain rule adds the errors of both ways; the one around the layer ends at a :class:`Join`.

    Parameters
    ----------
    number : int
        That of the dense layer behind it.
    """

    number: int
    kind = "fork"

    @property
    def output(self) -> str:
        """Name under which the join finds what went around: s2, s3, ..."""
        return f"s{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record nothing; the backward adds the join's error to what came through the layer."""
        arena.blocks[self.output] = x

        def backward() -> None:
            tape.add(x.error, arena.blocks[f"h{self.number}"].error, x.error)

        return x, backward


@dataclass
class Join:
    """``h = y + s``: what a layer gives, and what went around it from the :class:`Fork` of its number."""

    number: int
    kind = "residual"

    @property
    def output(self) -> str:
        """Name of the block: h2, h3, ..."""
        return f"h{self.number}"

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the sum; its backward passes the error on unchanged, the fork's does so the other way."""
        h, around = arena.blocks[self.output], arena.blocks[f"s{self.number}"]
        tape.add(x.values, around.values, h.values)
        return h, lambda: tape.positive(h.error, x.error)


def no_backward() -> None:
    """Record nothing: the error is passed on as it is, or nobody asks for it."""
