"""Clipping: transforms that limit the gradient, by element, by layer or as a whole; knows no rule.

Where several are asked for they act in this order: value, layer norm, norm. A limit is one number, or one for
each replicate, ``(R, 1)``.
"""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.chain import Arrays, Steady
from engine.nn.parameters import record_layer_squares
from engine.nn.tape import Tape, Value, assign, cell_shape, in_words, minimum


@dataclass(frozen=True)
class ClipByValue(Steady):
    """Clamp each gradient element to ``±limit``."""

    limit: Value
    slots = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``g = clamp(g, -limit, limit)``; NaN stays NaN."""
        limit = tape.constant(self.limit)
        tape.call(np.clip, g, -limit, limit, g, label=f"g = clamp(g, ±{in_words(self.limit)})")
        return g


@dataclass(frozen=True, eq=False)
class ClipByLayerNorm(Steady):
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
        factors = record_layer_squares(tape, g, self.starts, "g")
        _record_factors(tape, factors, self.limit)
        layers = np.repeat(np.arange(len(self.starts)), self.sizes)
        narrow, spread = tape.array(len(self.starts)), tape.array(g.shape[-1])
        tape.call(assign, factors, narrow, label="c")
        words = "f = c of each element's layer"
        tape.call(np.take, narrow, layers, -1, spread, "clip", label=words, output=spread)
        tape.call(np.multiply, g, spread, g, label="g = f g")
        return g


@dataclass(frozen=True)
class ClipByNorm(Steady):
    """Scale the whole gradient by ``min(1, limit / (norm + 1e-6))`` (Pascanu et al., 2013; as torch does)."""

    limit: Value
    slots = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the norm in float64, the factor, and ``g = factor g``."""
        wide = tape.array(g.shape[-1], dtype=np.float64)
        factor = np.zeros(cell_shape(tape.lead), np.float64)
        narrow = np.zeros(cell_shape(tape.lead), tape.dtype)
        total = factor[..., 0] if tape.lead else factor
        tape.call(assign, g, wide, label="w = g")
        tape.call(np.vecdot, wide, wide, total, label="c = w · w")
        _record_factors(tape, factor, self.limit)
        tape.call(assign, factor, narrow, label="c")
        tape.call(np.multiply, g, narrow, g, label="g = c g")
        return g


def _record_factors(tape: Tape, squares: np.ndarray, limit: Value) -> None:
    tiny, one = np.array(1e-6), np.array(1.0)
    tape.call(np.sqrt, squares, squares, label="c = sqrt(c)")
    tape.call(np.add, squares, tiny, squares, label="c = c + 1e-6")
    tape.call(np.divide, np.array(limit), squares, squares, label=f"c = {in_words(limit)} / c")
    tape.call(minimum, squares, one, squares, label="c = min(c, 1)")
