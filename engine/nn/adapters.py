"""Adapters: calls for the tape of functions whose output is not their last argument."""

import numpy as np


def maximum(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """``out = max(a, b)``, NaN kept."""
    np.maximum(a, b, out=out)


def minimum(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """``out = min(a, b)``, NaN kept."""
    np.minimum(a, b, out=out)


def assign(a: np.ndarray, out: np.ndarray) -> None:
    """``out = a``, converted to the dtype of ``out``."""
    np.copyto(out, a)


def draw_uniform(generator: np.random.Generator, out: np.ndarray) -> None:
    """Fill ``out`` with draws from [0, 1)."""
    generator.random(dtype=out.dtype, out=out)
