"""Passes: each makes a faster tape of plain ones that computes the same; knows no activation, no loss.

The plain tape, layer by layer in textbook order, is what people read, step through and trust. A pass is one
idea with its measured gain, held against the plain tape by a test. An idea that buys less than 5 % is not
here: docs/performance.md names those that were tried.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from engine.nn.layers import Dropout
from engine.nn.recording import Recording
from engine.nn.tape import Tape, assign


def masks_together(
    tape: Tape, layers: Sequence[Dropout], units: Sequence[int], batch: int
) -> dict[int, np.ndarray]:
    """Record the dropout masks of all layers as one, before the first layer; return each layer's part.

    A mask is four calls and small: with one mask for all of them the calls of a deep network are paid once.
    Rows are drawn in the order of the layers, so that each gets the numbers that it would draw itself: equal
    bit for bit. Measured: .85 of the plain tape's time for 20 layers of 32 units with dropout.

    Parameters
    ----------
    layers : sequence of Dropout
        Of one rate; otherwise each draws its own mask, as it does in the plain tape.
    units : sequence of int
        Of each of these layers.
    """
    if len(layers) < 2 or not all(np.array_equal(each.rate, layers[0].rate) for each in layers):
        return {}
    whole = Dropout(0, layers[0].rate, layers[0].generators)
    with tape.section("forward"):
        mask = whole.record_mask(tape, sum(units), batch)
    parts = np.split(mask, np.cumsum(units)[:-1], axis=-2)
    return {each.number: part for each, part in zip(layers, parts, strict=True)}


def in_pieces(whole: Recording, columns: int, record: Callable[[int], Recording], grad: np.ndarray) -> None:
    """Record a large batch piece by piece, the gradients of the pieces added up.

    Ten thousand columns of a few layers are megabytes, and each call finds little of them in the cache;
    pieces of a thousand stay there from layer to layer. The gradient of a mean is the mean of the pieces'
    gradients by their shares, so that sums are taken in another order: equal within rounding. Measured: .82
    of the plain tape's time for 2-64-64-1 with a full batch of 10 000, .83 for 35-64-32-1 with 37 500.

    Parameters
    ----------
    whole : Recording
        Of the whole batch; its tape is empty and gets the calls.
    columns : int
        About how many a piece has.
    record : callable
        Returns the plain recording of so many columns.
    grad : numpy.ndarray
        ``lead + (P,)``, where each piece leaves its gradient, and the tape that of the whole batch.
    """
    tape, batch = whole.tape, whole.x.shape[-1]
    total, scaled = tape.array(grad.shape[-1]), tape.array(grad.shape[-1])
    pieces = -(-batch // columns)
    bounds = [round(batch * piece / pieces) for piece in range(pieces + 1)]
    recorded = cache(record)
    for number, (first, last) in enumerate(pairwise(bounds), start=1):
        piece, part = recorded(last - first), np.s_[..., first:last]
        with tape.section("forward"):
            tape.call(assign, whole.x[part], piece.x, label=f"a0 of piece {number}")
            tape.call(assign, whole.target[part], piece.target, label=f"y of piece {number}")
        tape.append(piece.tape)
        with tape.section("backward"):
            output, share = piece.output, tape.constant((last - first) / batch)
            given = whole.output.values[part]
            tape.call(assign, output.values, given, label=f"{output.name} of piece {number}")
            into = total if number == 1 else scaled
            tape.call(np.multiply, grad, share, into, label=f"t = {last - first}/{batch} g")
            if number > 1:
                tape.call(np.add, total, scaled, total, label="G = G + t")
    with tape.section("backward"):
        tape.call(assign, total, grad, label="g = G")
