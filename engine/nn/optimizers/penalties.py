"""Penalties on the weights, as transforms of the gradient: L1, and L2 or decay."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.chain import Arrays
from engine.nn.tape import Tape, Value


@dataclass(frozen=True, eq=False)
class Decay:
    """Add ``decay theta``: before the rule it is an L2 penalty, as torch's ``weight_decay`` is outside AdamW.

    Behind the rule it is decoupled (Loshchilov and Hutter, 2019): with the learning rate applied last,
    ``theta - rate (u + decay theta)`` is torch's ``theta (1 - rate decay) - rate u``.

    Parameters
    ----------
    decay : float or numpy.ndarray
        One number, or one for each replicate, ``(R, 1)``.
    mask : numpy.ndarray, optional
        ``(P,)``: 1 for the parameters that decay and 0 for those that do not; without it all of them do.
    """

    decay: Value
    mask: np.ndarray | None = None
    slots = ()

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``t = g + decay theta``."""
        t = tape.like(g, "d")
        tape.multiply(theta, _factor(tape, self.decay, self.mask, "λ"), t)
        tape.add(g, t, t)
        return t


@dataclass(frozen=True, eq=False)
class L1:
    """Add ``strength sign(theta)``, the slope of ``strength`` times the sum of magnitudes (Tibshirani, 1996).

    Parameters
    ----------
    strength : float
    mask : numpy.ndarray, optional
        As that of :class:`Decay`.
    """

    strength: float
    mask: np.ndarray | None = None
    slots = ()

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``t = g + strength sign(theta)``; at a weight of 0 nothing is added."""
        t = tape.like(g, "l")
        tape.sign(theta, t)
        tape.multiply(t, _factor(tape, self.strength, self.mask, "λ1"), t)
        tape.add(g, t, t)
        return t


def penalty(theta: np.ndarray, l1: float, weight_decay: Value, mask: np.ndarray | None = None) -> np.ndarray:
    """Return ``l1 |theta| + weight_decay / 2 theta²``, summed in float64 over what the mask lets decay.

    One number for each replicate, ``lead``; where decays differ between them they come as ``lead + (1,)``.
    """
    decay = weight_decay[..., 0] if isinstance(weight_decay, np.ndarray) else weight_decay
    wide = theta.astype(np.float64) if mask is None else theta * mask.astype(np.float64)
    return l1 * np.abs(wide).sum(axis=-1) + decay / 2 * np.square(wide).sum(axis=-1)


def _factor(tape: Tape, value: Value, mask: np.ndarray | None, symbol: str) -> np.ndarray:
    return tape.constant(value if mask is None else value * mask, symbol)
