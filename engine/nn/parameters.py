"""All parameters of a network in one flat vector, with named views per layer."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from engine.nn.tape import Lead, Tape


class Parameters:
    """Weights and gradient of a whole network, each one flat vector; layers own views.

    Update in place only: rebinding ``theta`` would silently detach the views.

    Parameters
    ----------
    shapes : sequence of (int, int)
        ``(out, in + 1)`` of each dense layer, input side first, ``(out, in)`` for one without bias.
    norm_shapes : sequence of (int, int), optional
        ``(rows, units)`` of the normalisation behind each dense layer, 0 rows where there is none.
    vectors : (numpy.ndarray, numpy.ndarray), optional
        ``theta`` and ``grad`` to live in, such as rows of those of a stack; new ones of zeros without.

    Attributes
    ----------
    theta, grad : numpy.ndarray
        Shape ``lead + (P,)``.
    weights, gradients : list of numpy.ndarray
        Views of shape ``lead + (out, in + 1)``, one a layer.
    norms, norm_gradients : list of numpy.ndarray
        Views of shape ``lead + (rows, units)``, one a layer: such as scale γ, then shift β.
    starts : numpy.ndarray
        Where each layer begins in the flat vectors: its weights, then the parameters of its normalisation.
    """

    def __init__(
        self,
        shapes: Sequence[tuple[int, int]],
        dtype: Any,
        lead: Lead = (),
        norm_shapes: Sequence[tuple[int, int]] | None = None,
        vectors: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        norms = norm_shapes or [(0, 0)] * len(shapes)
        weight_sizes = [rows * columns for rows, columns in shapes]
        sizes = [size + rows * units for size, (rows, units) in zip(weight_sizes, norms, strict=True)]
        ends = np.cumsum(sizes)
        self.lead = lead
        self.size = int(ends[-1])
        self.starts = (ends - sizes).astype(np.intp)
        self.sizes = np.array(sizes)
        shape = (*lead, self.size)
        self.theta, self.grad = vectors or (np.zeros(shape, dtype), np.zeros(shape, dtype))
        self.weights = views(self.theta, self.starts, shapes)
        self.gradients = views(self.grad, self.starts, shapes)
        norm_starts = self.starts + weight_sizes
        self.norms = views(self.theta, norm_starts, norms)
        self.norm_gradients = views(self.grad, norm_starts, norms)


def views(flat: np.ndarray, starts: Iterable[int], shapes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    """Return views of these shapes into a flat vector ``lead + (n,)``, each from its start."""
    return [
        flat[..., start : start + shape[0] * shape[1]].reshape(*flat.shape[:-1], *shape)
        for start, shape in zip(starts, shapes, strict=True)
    ]


def record_layer_squares(tape: Tape, flat: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Record each layer's sum of squares in float64; return where they will stand, ``lead + (layers,)``."""
    wide = tape.like(flat, "w", np.float64)
    sums = tape.array(len(starts), name="c", dtype=np.float64)
    tape.assign(flat, wide)
    tape.square(wide, wide)
    tape.call(np.add.reduceat, wide, starts, -1, None, sums)
    return sums
