"""Passes: each makes a faster tape of plain ones that computes the same.

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
from engine.nn.tape import Tape


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
    masks = {each.number: part for each, part in zip(layers, parts, strict=True)}
    return {number: tape.named(part, f"m{number}") for number, part in masks.items()}


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
    total, scaled = tape.like(grad, "G"), tape.like(grad, "t")
    pieces = -(-batch // columns)
    bounds = [round(batch * piece / pieces) for piece in range(pieces + 1)]
    recorded = cache(record)
    for number, (first, last) in enumerate(pairwise(bounds), start=1):
        piece, part, cut = recorded(last - first), np.s_[..., first:last], f"[:,{first}:{last}]"
        names = piece.tape.names
        with tape.section("forward", names=names):
            tape.assign(tape.named(whole.x[part], f"X{cut}"), piece.x)
            tape.assign(tape.named(whole.target[part], f"Y{cut}"), piece.target)
        tape.append(piece.tape)
        with tape.section("backward", names=names):
            tape.assign(piece.output.values, tape.named(whole.output.values[part], f"Z{cut}"))
            share = tape.constant((last - first) / batch, f"{last - first}/{batch}")
            g, into = tape.named(grad, "g"), total if number == 1 else scaled
            tape.multiply(g, share, tape.named(into, "G" if number == 1 else "t"))
            if number > 1:
                tape.add(tape.named(total, "G"), scaled, total)
    with tape.section("backward"):
        tape.assign(total, tape.named(grad, "g"))
