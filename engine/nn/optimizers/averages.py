"""Running averages that several optimizers keep, as recorded calls."""

import numpy as np

from engine.nn.tape import Tape


def record_mean(
    tape: Tape, m: np.ndarray, g: np.ndarray, beta: float, t: np.ndarray, symbol: str = "β1"
) -> None:
    """Record ``m = beta m + (1 - beta) g``; ``t`` is scratch, ``symbol`` how people write beta."""
    tape.multiply(m, tape.constant(beta, symbol), m)
    tape.multiply(g, tape.constant(1 - beta, f"1 - {symbol}"), t)
    tape.add(m, t, m)


def record_mean_square(
    tape: Tape, v: np.ndarray, g: np.ndarray, beta: float, t: np.ndarray, symbol: str = "β2"
) -> None:
    """Record ``v = beta v + (1 - beta) g²``; ``t`` is scratch, ``symbol`` how people write beta."""
    tape.multiply(v, tape.constant(beta, symbol), v)
    tape.multiply(g, g, t)
    tape.multiply(t, tape.constant(1 - beta, f"1 - {symbol}"), t)
    tape.add(v, t, v)
