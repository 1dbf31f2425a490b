"""Initial weights: functions of a generator and the two fans, and the registry of them."""

from collections.abc import Callable

import numpy as np

from engine.nn.registry import Entry, Registry

Initializer = Callable[[np.random.Generator, int, int], np.ndarray]
INITIALIZERS: Registry[Initializer] = Registry("initializer")
OF_THE_GAIN = {"initializer_gain": 1.0}


def initializer(**options: float) -> Callable[[Initializer], Initializer]:
    """Register a function under its own name, with the settings that belong to it and their defaults."""

    def register(function: Initializer) -> Initializer:
        INITIALIZERS.register(Entry(function.__name__, function, options=options))
        return function

    return register


@initializer(**OF_THE_GAIN)
def xavier_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010), shape (out, in)."""
    bound = np.sqrt(6 / (fan_in + fan_out))
    return generator.uniform(-bound, bound, (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def xavier_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010), shape (out, in)."""
    return generator.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def he_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(6 / fan_in)`` (He et al., 2015), shape (out, in)."""
    bound = np.sqrt(6 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def he_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``2 / fan_in`` (He et al., 2015), shape (out, in)."""
    return generator.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def lecun_uniform(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±sqrt(3 / fan_in)`` (LeCun et al., 1998), shape (out, in)."""
    bound = np.sqrt(3 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def lecun_normal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Normal with variance ``1 / fan_in`` (LeCun et al., 1998), shape (out, in); selu counts on it."""
    return generator.normal(0, np.sqrt(1 / fan_in), (fan_out, fan_in))


@initializer(**OF_THE_GAIN)
def orthogonal(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Orthonormal rows, or columns where there are more rows (Saxe et al., 2014), shape (out, in).

    Q of the QR decomposition of normal draws, its columns signed as the diagonal of R, which makes every
    orthogonal matrix equally likely.
    """
    tall = generator.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return q if fan_out >= fan_in else q.T


@initializer()
def pytorch(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±1 / sqrt(fan_in)``: what torch's ``nn.Linear`` starts with, biases too; (out, in)."""
    bound = np.sqrt(1 / fan_in)
    return generator.uniform(-bound, bound, (fan_out, fan_in))


def normal(std: float) -> Initializer:
    """Return an initialiser: normal with standard deviation ``std``, whatever the fans."""
    return lambda generator, fan_in, fan_out: generator.normal(0, std, (fan_out, fan_in))


INITIALIZERS.register(Entry("normal", normal(0.01), options={"initializer_std": 0.01}))


@initializer()
def zeros(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """All 0: units of a layer stay equal for ever, the lesson of symmetry; shape (out, in)."""
    return np.zeros((fan_out, fan_in))


def scaled(initializer: Initializer, gain: float) -> Initializer:
    """Return an initialiser whose weights are ``gain`` times larger."""
    return lambda generator, fan_in, fan_out: gain * initializer(generator, fan_in, fan_out)


def pytorch_bias(generator: np.random.Generator, fan_in: int, fan_out: int) -> np.ndarray:
    """Uniform within ``±1 / sqrt(fan_in)``, shape (out,)."""
    bound = np.sqrt(1 / fan_in)
    return generator.uniform(-bound, bound, fan_out)


# Biases start at 0 but with these.
BIASES: dict[str, Initializer] = {"pytorch": pytorch_bias}
