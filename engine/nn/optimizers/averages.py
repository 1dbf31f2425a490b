"""Running averages that several optimizers keep, as recorded calls; knows no optimizer."""

import numpy as np

from engine.nn.tape import Tape


def record_mean(
    tape: Tape, m: np.ndarray, g: np.ndarray, beta: float, t: np.ndarray, names: tuple[str, str] = ("m", "b1")
) -> None:
    """Record ``m = beta m + (1 - beta) g``; ``t`` is scratch, ``names`` are those of m and beta."""
    mean, kept = names
    tape.call(np.multiply, m, tape.constant(beta), m, label=f"{mean} = {kept} {mean}")
    tape.call(np.multiply, g, tape.constant(1 - beta), t, label=f"t = (1 - {kept}) g")
    tape.call(np.add, m, t, m, label=f"{mean} = {mean} + t")


def record_mean_square(
    tape: Tape,
    v: np.ndarray,
    g: np.ndarray,
    beta: float,
    t: np.ndarray,
    names: tuple[str, str, str] = ("v", "b2", "g"),
) -> None:
    """Record ``v = beta v + (1 - beta) g²``; ``t`` is scratch, ``names`` are those of v, beta and g."""
    mean, kept, squared = names
    tape.call(np.multiply, v, tape.constant(beta), v, label=f"{mean} = {kept} {mean}")
    tape.call(np.multiply, g, g, t, label=f"t = {squared}²")
    tape.call(np.multiply, t, tape.constant(1 - beta), t, label=f"t = (1 - {kept}) t")
    tape.call(np.add, v, t, v, label=f"{mean} = {mean} + t")
