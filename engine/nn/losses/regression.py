"""Losses of real targets: mean over all elements, without a factor 1/2; knows no layer."""

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
        tape.call(np.subtract, output.values, target, output.error, label=f"e = {output.name} - y")
        scale = tape.constant(2 / count)
        tape.call(np.multiply, output.error, scale, output.error, label=f"d{output.name} = 2 e / {count}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of the squares."""
        terms = tape.array(*target.shape[-2:])
        tape.call(np.subtract, output.values, target, terms, label=f"e = {output.name} - y")
        tape.call(np.multiply, terms, terms, terms, label="e²")
        record_mean(tape, terms, elements(target), value)


@loss
class MeanAbsoluteError(OfElements):
    """Mean over all elements of ``|output - target|``; its derivative at 0 is taken as 0, as torch does."""

    name, formula = "mae", "mean(|a - y|)"
    fits = ("regression",)

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = sign(a - y) / elements``."""
        error, count = output.error, elements(target)
        tape.call(np.subtract, output.values, target, error, label=f"e = {output.name} - y")
        tape.call(np.sign, error, error, label="e = sign(e)")
        scale = tape.constant(1 / count)
        tape.call(np.multiply, error, scale, error, label=f"d{output.name} = e / {count}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of the magnitudes."""
        terms = tape.array(*target.shape[-2:])
        tape.call(np.subtract, output.values, target, terms, label=f"e = {output.name} - y")
        tape.call(np.abs, terms, terms, label="|e|")
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
    scale = 1.0

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = clamp(a - y, ±delta) / elements``."""
        error, count = output.error, elements(target)
        tape.call(np.subtract, output.values, target, error, label=f"e = {output.name} - y")
        tape.call(np.clip, error, -self.delta, self.delta, error, label=f"e = clamp(e, ±{self.delta:g})")
        share = tape.constant(self.scale / count)
        label = f"d{output.name} = {self.scale:g} e / {count}"
        tape.call(np.multiply, error, share, error, label=label)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of ``c (e - c / 2)`` with ``c = clamp(e, ±delta)``: both branches in one."""
        error, bounded, half = (tape.array(*target.shape[-2:]) for _ in range(3))
        tape.call(np.subtract, output.values, target, error, label=f"e = {output.name} - y")
        tape.call(np.clip, error, -self.delta, self.delta, bounded, label=f"c = clamp(e, ±{self.delta:g})")
        tape.call(np.multiply, bounded, tape.constant(0.5), half, label="h = c / 2")
        tape.call(np.subtract, error, half, error, label="e = e - h")
        tape.call(np.multiply, error, bounded, error, label="e = e c")
        tape.call(np.multiply, error, tape.constant(self.scale), error, label=f"e = {self.scale:g} e")
        record_mean(tape, error, elements(target), value)


@loss
@dataclass(frozen=True)
class SmoothL1(Huber):
    """Huber's loss divided by delta, torch's ``beta``: slope 1 beyond it (Girshick, 2015)."""

    name = "smooth_l1"
    formula = "mean(e²/(2 delta) where |e| < delta, else |e| - delta/2), e = a - y"

    @property
    def scale(self) -> float:  # type: ignore[override]
        """One over delta."""
        return 1 / self.delta
