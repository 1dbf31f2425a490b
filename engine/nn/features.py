"""Features of the plane: what a network may read in place of x1 and x2."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.nn.registry import Entry, Registry

Formula = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Feature:
    """One feature: its name, the sign that pictures write, and its formula from both coordinates."""

    name: str
    sign: str
    formula: Formula


FEATURES: Registry[Feature] = Registry("feature")


def feature(sign: str) -> Callable[[Formula], Formula]:
    """Register a formula of the coordinates, as the toy draws them, under its own name."""

    def register(formula: Formula) -> Formula:
        name = formula.__name__
        FEATURES.check_name(name)
        FEATURES.register(Entry(name, Feature(name, sign, formula)))
        return formula

    return register


@feature("x1")
def x1(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the first coordinate."""
    return x1


@feature("x2")
def x2(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the second coordinate."""
    return x2


@feature("x1²")
def x1_squared(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the square of the first."""
    return x1 * x1


@feature("x2²")
def x2_squared(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the square of the second."""
    return x2 * x2


@feature("x1·x2")
def x1_times_x2(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return the product of both."""
    return x1 * x2


@feature("sin x1")
def sin_x1(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return a wave along the first."""
    return np.sin(2 * np.pi * x1)


@feature("sin x2")
def sin_x2(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """Return a wave along the second."""
    return np.sin(2 * np.pi * x2)


def features_of(names: Sequence[str], coordinates: np.ndarray) -> np.ndarray:
    """Return features ``(n, names)`` of places in the plane ``(n, 2)``, not yet standardised.

    The waves have period 1, two of them between -1 and 1 where the toys lie: as many as the inputs
    ``sin(X1)`` and ``sin(X2)`` of TensorFlow Playground have between -6 and 6 (Smilkov et al., 2017).
    """
    x1, x2 = coordinates.T
    return np.column_stack([FEATURES[name].formula(x1, x2) for name in names])


def sign_of(name: str) -> str:
    """Return how pictures write a feature, such as ``x1²``."""
    return FEATURES[name].sign
