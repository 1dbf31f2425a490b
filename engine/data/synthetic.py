"""Toys: small two-dimensional classifications and a curve, drawn from a generator."""

from collections.abc import Callable

import numpy as np

Points = tuple[np.ndarray, np.ndarray]
BLOBS = 4


def moons(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """Two interleaving half circles: ``x (n, 2)``, labels ``(n,)``."""
    first = rows // 2
    angles = np.concatenate([np.linspace(0, np.pi, first), np.linspace(0, np.pi, rows - first)])
    labels = np.repeat([0, 1], [first, rows - first])
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    x[labels == 1] = np.array([1.0, 0.5]) - x[labels == 1]
    return x + generator.normal(0, noise, x.shape), labels


def circles(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """A ring of radius 1 around one of radius 0.5."""
    first = rows // 2
    labels = np.repeat([0, 1], [first, rows - first])
    angles = generator.uniform(0, 2 * np.pi, rows)
    radius = np.where(labels == 0, 1.0, 0.5)
    x = np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])
    return x + generator.normal(0, noise, x.shape), labels


def xor(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """Four squares like a chessboard: class 1 where both coordinates have the same sign."""
    x = generator.uniform(-1, 1, (rows, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    return x + generator.normal(0, noise, x.shape), labels


def blobs(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """Four Gaussian clouds around the corners of a diamond, one class each."""
    labels = np.arange(rows) * BLOBS // rows
    angles = 2 * np.pi * labels / BLOBS
    x = np.column_stack([np.cos(angles), np.sin(angles)])
    return x + generator.normal(0, noise, x.shape), labels


def spiral(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """Two spiral arms of 1.25 turns each, one turned by half a turn (after Lang and Witbrock, 1988)."""
    return _arms(2, rows, noise, generator)


def spiral3(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """Three spiral arms of 1.25 turns each, a third of a turn apart."""
    return _arms(3, rows, noise, generator)


def _arms(arms: int, rows: int, noise: float, generator: np.random.Generator) -> Points:
    sizes = [rows * (arm + 1) // arms - rows * arm // arms for arm in range(arms)]
    labels = np.repeat(np.arange(arms), sizes)
    distance = np.sqrt(generator.uniform(0.01, 1, rows))
    angles = 2.5 * np.pi * distance + 2 * np.pi / arms * labels
    x = np.column_stack([distance * np.cos(angles), distance * np.sin(angles)])
    return x + generator.normal(0, noise, x.shape), labels


def sine(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """``y = sin(2 pi x)`` on [-1, 1] with noise on y: ``x (n, 1)``, ``y (n, 1)``."""
    x = generator.uniform(-1, 1, (rows, 1))
    return x, np.sin(2 * np.pi * x) + generator.normal(0, noise, x.shape)


def plane(rows: int, noise: float, generator: np.random.Generator) -> Points:
    """``y = (x1 + x2) / 2`` on the square from -1 to 1 with noise on y: ``x (n, 2)``, ``y (n, 1)``."""
    x = generator.uniform(-1, 1, (rows, 2))
    y = x.mean(axis=1, keepdims=True)
    return x, y + generator.normal(0, noise, y.shape)


SYNTHETIC: dict[str, Callable[[int, float, np.random.Generator], Points]] = {
    each.__name__: each for each in (moons, circles, xor, blobs, spiral, spiral3, sine, plane)
}
