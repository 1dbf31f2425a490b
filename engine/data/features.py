"""Features of the plane: what a network may read in place of x1 and x2; must not know who reads it."""

from collections.abc import Callable, Sequence

import numpy as np

Coordinate = np.ndarray

# Each with the sign that pictures write, and its formula from the two coordinates as the toy draws them.
FEATURES: dict[str, tuple[str, Callable[[Coordinate, Coordinate], np.ndarray]]] = {
    "x1": ("x1", lambda x1, x2: x1),
    "x2": ("x2", lambda x1, x2: x2),
    "x1_squared": ("x1²", lambda x1, x2: x1 * x1),
    "x2_squared": ("x2²", lambda x1, x2: x2 * x2),
    "x1_times_x2": ("x1·x2", lambda x1, x2: x1 * x2),
    "sin_x1": ("sin x1", lambda x1, x2: np.sin(2 * np.pi * x1)),
    "sin_x2": ("sin x2", lambda x1, x2: np.sin(2 * np.pi * x2)),
}


def features_of(names: Sequence[str], coordinates: np.ndarray) -> np.ndarray:
    """Return features ``(n, names)`` of places in the plane ``(n, 2)``, not yet standardised.

    The waves have period 1, two of them between -1 and 1 where the toys lie: as many as the inputs
    ``sin(X1)`` and ``sin(X2)`` of TensorFlow Playground have between -6 and 6 (Smilkov et al., 2017).
    """
    x1, x2 = coordinates.T
    return np.column_stack([FEATURES[name][1](x1, x2) for name in names])


def sign_of(name: str) -> str:
    """Return how pictures write a feature, such as ``x1²``."""
    return FEATURES[name][0]
