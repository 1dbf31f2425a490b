"""Losses of real targets: mean over all elements, without a factor 1/2."""

from dataclasses import dataclass

import numpy as np

from engine.nn.losses.means import OfElements, elements, record_mean
from engine.nn.losses.registry import loss
from engine.nn.registry import option
from engine.nn.tape import Block, Tape


@loss
class MeanSquaredError(OfElements):
    """Mean over all elements of ``(output - target)²``, without the factor 1/2."""

    name, formula = "mse", "mean((a - y)²)"
    fits = ("regression", "classes", "two classes")

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = 2 (a - y) / elements``."""
        count = elements(target)
        tape.subtract(output.values, target, output.error)
        tape.multiply(output.error, tape.constant(2 / count, f"2/{count}"), output.error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of the squares."""
        terms = tape.like(target, "e")
        tape.subtract(output.values, target, terms)
        tape.multiply(terms, terms, terms)
        record_mean(tape, terms, elements(target), value)


@loss
class MeanAbsoluteError(OfElements):
    """Mean over all elements of ``|output - target|``; its derivative at 0 is taken as 0, as torch does."""

    name, formula = "mae", "mean(|a - y|)"
    fits = ("regression",)

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = sign(a - y) / elements``."""
        error, count = output.error, elements(target)
        tape.subtract(output.values, target, error)
        tape.sign(error, error)
        tape.multiply(error, tape.constant(1 / count, f"1/{count}"), error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of the magnitudes."""
        terms = tape.like(target, "e")
        tape.subtract(output.values, target, terms)
        tape.abs(terms, terms)
        record_mean(tape, terms, elements(target), value)


@loss
@dataclass(frozen=True)
class Huber(OfElements):
    """``e² / 2`` up to ``|e| = delta``, a line with slope delta beyond (Huber, 1964), mean over all elements.

    Parameters
    ----------
    delta : float
        Where the parabola becomes a line.
    """

    delta: float = option(1.0, setting="loss_delta")
    name = "huber"
    fits = ("regression",)
    formula = "mean(e²/2 where |e| < delta, else delta (|e| - delta/2)), e = a - y"

    @property
    def scale(self) -> float:
        """What it is times as large as the formula."""
        return 1.0

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = clamp(a - y, ±delta) / elements``."""
        error, count = output.error, elements(target)
        tape.subtract(output.values, target, error)
        tape.clip(error, -self.delta, self.delta, error)
        tape.multiply(error, self.scale / count, error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of ``c (e - c / 2)`` with ``c = clamp(e, ±delta)``: both branches in one."""
        error, bounded, half = (tape.like(target, name) for name in "ech")
        tape.subtract(output.values, target, error)
        tape.clip(error, -self.delta, self.delta, bounded)
        tape.multiply(bounded, 0.5, half)
        tape.subtract(error, half, error)
        tape.multiply(error, bounded, error)
        tape.multiply(error, self.scale, error)
        record_mean(tape, error, elements(target), value)


@loss
@dataclass(frozen=True)
class SmoothL1(Huber):
    """Huber's loss divided by delta, torch's ``beta``: slope 1 beyond it (Girshick, 2015)."""

    name = "smooth_l1"
    formula = "mean(e²/(2 delta) where |e| < delta, else |e| - delta/2), e = a - y"

    @property
    def scale(self) -> float:
        """One over delta."""
        return 1 / self.delta
