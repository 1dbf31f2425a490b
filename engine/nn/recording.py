"""A recording: the tape of one batch size with the arrays that go in and come out."""

from dataclasses import dataclass

import numpy as np

from engine.nn.tape import Arena, Block, Tape


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
        Mean loss of the batch, float64, shape ``lead``; NaN before it was computed.
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
