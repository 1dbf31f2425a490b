"""Clipping: transforms that limit the gradient, by element, by layer or as a whole.

Where several are asked for they act in this order: value, layer norm, norm. A limit is one number, or one for
each replicate, ``(R, 1)``.
"""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.chain import Arrays
from engine.nn.parameters import record_layer_squares
from engine.nn.tape import Tape, Value, cell_shape


@dataclass(frozen=True)
class ClipByValue:
    """Clamp each gradient element to ``±limit``."""

    limit: Value
    slots = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``g = clamp(g, -limit, limit)``; NaN stays NaN."""
        low, high = tape.constant(-self.limit, "-limit"), tape.constant(self.limit, "limit")
        tape.clip(g, low, high, g)
        return g


@dataclass(frozen=True, eq=False)
class ClipByLayerNorm:
    """Scale the gradient of each layer by ``min(1, limit / (norm + 1e-6))`` of its own norm.

    Torch's ``clip_grad_norm_`` on the parameters of each layer.

    Parameters
    ----------
    limit : float or numpy.ndarray
    starts, sizes : numpy.ndarray
        Where each layer begins in the flat vector, and how many elements it has.
    """

    limit: Value
    starts: np.ndarray
    sizes: np.ndarray
    slots = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the norms in float64, the factors, and ``g = factor g`` layer by layer in one call."""
        factors = record_layer_squares(tape, g, self.starts)
        _record_factors(tape, factors, self.limit)
        layers = np.repeat(np.arange(len(self.starts)), self.sizes)
        narrow, spread = tape.like(factors, "n"), tape.like(g, "f")
        tape.assign(factors, narrow)
        tape.call(np.take, narrow, layers, -1, spread, "clip", output=spread)
        tape.multiply(g, spread, g)
        return g


@dataclass(frozen=True)
class ClipByNorm:
    """Scale the whole gradient by ``min(1, limit / (norm + 1e-6))`` (Pascanu et al., 2013; as torch does)."""

    limit: Value
    slots = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the norm in float64, the factor, and ``g = factor g``."""
        wide = tape.like(g, "w", np.float64)
        factor = tape.named(np.zeros(cell_shape(tape.lead), np.float64), "c")
        narrow = tape.named(np.zeros(cell_shape(tape.lead), tape.dtype), "n")
        total = factor[..., 0] if tape.lead else factor
        tape.assign(g, wide)
        tape.vecdot(wide, wide, total)
        _record_factors(tape, factor, self.limit)
        tape.assign(factor, narrow)
        tape.multiply(g, narrow, g)
        return g


def _record_factors(tape: Tape, squares: np.ndarray, limit: Value) -> None:
    tape.sqrt(squares, squares)
    tape.add(squares, 1e-6, squares)
    tape.divide(tape.constant(limit, dtype=np.float64), squares, squares)
    tape.minimum(squares, 1, squares)
