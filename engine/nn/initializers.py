"""Initial weights: functions of a generator and the two fans; knows no layer."""

from collections.abc import Callable

import numpy as np

Initializer = Callable[[np.random.Generator, int, int], np.ndarray]


def xavier_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010), shape (out, in)."""
    bound = np.sqrt(6 / (fan_in + fan_out))
    return generator.uniform(-bound, bound, (fan_out, fan_in))


def xavier_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010), shape (out, in)."""
    return generator.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_out, fan_in))


def he_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(6 / fan_in)`` (He et al., 2015), shape (out, in)."""
    bound = np.sqrt(6 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


def he_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``2 / fan_in`` (He et al., 2015), shape (out, in)."""
    return generator.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in))


def lecun_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(3 / fan_in)`` (LeCun et al., 1998), shape (out, in)."""
    bound = np.sqrt(3 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


def lecun_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``1 / fan_in`` (LeCun et al., 1998), shape (out, in); selu counts on it."""
    return generator.normal(0, np.sqrt(1 / fan_in), (fan_out, fan_in))


def pytorch(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±1 / sqrt(fan_in)``: what torch's ``nn.Linear`` starts with, biases too; (out, in)."""
    bound = np.sqrt(1 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


def orthogonal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Orthonormal rows, or columns where there are more rows (Saxe et al., 2014), shape (out, in).

    Q of the QR decomposition of normal draws, its columns signed as the diagonal of R, which makes every
    orthogonal matrix equally likely.
    """
    tall = generator.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return q if fan_out >= fan_in else q.T


def zeros(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """All 0: units of a layer stay equal for ever, the lesson of symmetry; shape (out, in)."""
    return np.zeros((fan_out, fan_in))


def normal(std: float) -> Initializer:
    """Return an initialiser: normal with standard deviation ``std``, whatever the fans."""
    return lambda generator, fan_in, fan_out: generator.normal(0, std, (fan_out, fan_in))


def scaled(initializer: Initializer, gain: float) -> Initializer:
    """Return an initialiser whose weights are ``gain`` times larger."""
    return lambda generator, fan_in, fan_out: gain * initializer(generator, fan_in, fan_out)


def pytorch_bias(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±1 / sqrt(fan_in)``, shape (out,)."""
    bound = np.sqrt(1 / fan_in)
    return generator.uniform(-bound, bound, fan_out)


INITIALIZERS: dict[str, Initializer] = {
    each.__name__: each
    for each in (
        xavier_uniform,
        xavier_normal,
        he_uniform,
        he_normal,
        lecun_uniform,
        lecun_normal,
        orthogonal,
        pytorch,
        zeros,
    )
}
# Biases start at 0 but with these.
BIASES: dict[str, Initializer] = {"pytorch": pytorch_bias}
