"""What may stand between a dense layer and its activation, and the registry of it; knows no network."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.nn.layers import Backward, Mode, no_backward
from engine.nn.registry import Entry, PluginError, Registry, fill_in, meaning_of, name_of
from engine.nn.tape import Arena, Block, Tape

EPS = 1e-5
KEPT = 0.9


@dataclass
class Normalization(ABC):
    """A layer between the weighted sums of a hidden layer and its activation.

    A subclass says by its class attributes what a network must know before it can be built, and records its
    formula; :func:`normalization` adds it to :data:`NORMALIZATIONS`.

    Parameters
    ----------
    number : int
        That of the dense layer before it.
    parameters, gradient : numpy.ndarray
        Views of shape ``lead + (rows, units)`` into the network's flat vectors, a row for each name in
        ``parameter_starts``; the backward pass writes every number of the gradient.
    statistics : numpy.ndarray
        View of shape ``lead + (rows, units)`` into the network's statistics, likewise.

    Attributes
    ----------
    parameter_starts, statistic_starts : dict of str to float
        What each unit learns, and what it remembers for evaluation, by name, with the value that it starts
        from: ``gamma`` is called ``norm1.gamma`` behind the first dense layer.
    keeps_bias : bool
        Whether the dense layer before it has a bias; one that takes the mean away would leave it idle.
    needs_two_rows : bool
        Whether a training batch of a single row means nothing to it.
    """

    number: int
    parameters: np.ndarray
    gradient: np.ndarray
    statistics: np.ndarray
    parameter_starts: ClassVar[dict[str, float]] = {}
    statistic_starts: ClassVar[dict[str, float]] = {}
    keeps_bias: ClassVar[bool] = True
    needs_two_rows: ClassVar[bool] = False
    kind = "norm"

    @property
    def output(self) -> str:
        """Name of the block: n1, n2, ..."""
        return f"n{self.number}"

    @abstractmethod
    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record ``n = f(z)`` into ``arena.blocks[self.output]``, as every layer does."""


NORMALIZATIONS: Registry[type[Normalization] | None] = Registry("normalization")
NORMALIZATIONS.register(Entry("none", None))


def normalization(definition: Any = None, *, name: str | None = None, meaning: str | None = None) -> Any:
    """Register a layer between weighted sums and activation: it becomes a choice of ``normalization``.

    Parameters
    ----------
    definition : class
        A subclass of :class:`Normalization`: its attributes name what each unit learns and remembers,
        ``record`` records its NumPy calls and returns what records their backward.
    name, meaning : str, optional
        By default the attribute ``name`` or the name of the class, and the first line of the docstring.

    Returns
    -------
    The class, unchanged.

    Raises
    ------
    PluginError
        When the name is taken, a gradient differs from finite differences, or another check fails.
    """

    def register(kind: Any) -> Any:
        called = name_of(kind, name)
        NORMALIZATIONS.check_name(called)
        if not (isinstance(kind, type) and issubclass(kind, Normalization)):
            raise PluginError(f"normalization {called}: it must be a subclass of {__name__}.Normalization")
        fill_in(kind, name=called)
        NORMALIZATIONS.register(Entry(called, kind, meaning_of(kind, meaning)))
        return kind

    return register if definition is None else register(definition)


@normalization(name="batch")
class BatchNorm(Normalization):
    """``n = γ (z - μ) / sqrt(σ² + 1e-5) + β``, μ and σ² of each unit over the batch.

    Ioffe and Szegedy, 2015. As torch does: σ² is the biased variance; evaluation takes running values, of
    which each training step keeps 0.9 and adds 0.1 of the batch's, there with the unbiased variance. The
    dense layer before it has no bias: μ would take it away again. The variance of a single row is 0.
    """

    parameter_starts: ClassVar = {"gamma": 1.0, "beta": 0.0}
    statistic_starts: ClassVar = {"running_mean": 0.0, "running_variance": 1.0}
    keeps_bias = False
    needs_two_rows = True

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the formula, in training also the running values; in evaluation with those alone."""
        n = arena.blocks[self.output]
        if mode == "evaluation":
            self._record_evaluation(tape, x, n)
            return n, no_backward
        features, batch = x.values.shape[-2:]
        i, product, share = self.number, tape.product(), tape.constant(1 / batch)
        ones = np.ones((batch, 1), tape.dtype)
        moments, root, normal = tape.array(2, features), tape.array(features, 1), tape.array(features, batch)
        mean, variance = _columns(moments)
        tape.call(product, x.values, ones, mean, label=f"μ{i} = sum of {x.name} over the batch")
        tape.call(np.multiply, mean, share, mean, label=f"μ{i} = μ{i} / {batch}")
        tape.call(np.subtract, x.values, mean, normal, label=f"c{i} = {x.name} - μ{i}")
        squares = variance[..., 0]
        tape.call(np.vecdot, normal, normal, squares, label=f"v{i} = c{i} · c{i} over the batch")
        tape.call(np.multiply, variance, share, variance, label=f"v{i} = v{i} / {batch}")
        _record_inverse_root(tape, variance, root, i)
        tape.call(np.multiply, normal, root, normal, label=f"ẑ{i} = c{i} r{i}")
        _record_scale_and_shift(tape, self.parameters, normal, n, i)
        if mode == "training":
            self._record_running(tape, moments, batch)

        def backward() -> None:
            _record_parameter_gradients(tape, self.gradient, normal, n, i)
            gamma, dgamma, dbeta = _columns(self.parameters)[0], *_columns(self.gradient)
            column, part = tape.array(features, 1), tape.array(features, batch)
            dz, name = x.error, f"d{x.name}"
            tape.call(np.multiply, dgamma, share, column, label=f"q = dγ{i} / {batch}")
            tape.call(np.multiply, normal, column, part, label=f"t = ẑ{i} q")
            tape.call(np.subtract, n.error, part, dz, label=f"{name} = d{n.name} - t")
            tape.call(np.multiply, dbeta, share, column, label=f"q = dβ{i} / {batch}")
            tape.call(np.subtract, dz, column, dz, label=f"{name} = {name} - q")
            tape.call(np.multiply, gamma, root, column, label=f"q = γ{i} r{i}")
            tape.call(np.multiply, dz, column, dz, label=f"{name} = q {name}")

        return n, backward

    def _record_running(self, tape: Tape, moments: np.ndarray, batch: int) -> None:
        added, i = tape.array(*moments.shape[-2:]), self.number
        unbiased = np.array([[1.0], [batch / (batch - 1)]])
        shares = ((1 - KEPT) * unbiased).astype(tape.dtype)
        running = f"running (μ{i}, v{i})"
        tape.call(np.multiply, moments, shares, added, label=f"t = 0.1 (μ{i}, v{i} {batch}/{batch - 1})")
        kept = self.statistics
        tape.call(np.multiply, kept, tape.constant(KEPT), kept, label=f"{running} = 0.9 old")
        tape.call(np.add, kept, added, kept, label=f"{running} = 0.9 old + t")

    def _record_evaluation(self, tape: Tape, x: Block, n: Block) -> None:
        i, root = self.number, tape.array(x.width, 1)
        mean, variance = _columns(self.statistics)
        _record_inverse_root(tape, variance, root, i)
        tape.call(np.subtract, x.values, mean, n.values, label=f"c{i} = {x.name} - running μ{i}")
        tape.call(np.multiply, n.values, root, n.values, label=f"ẑ{i} = c{i} r{i}")
        _record_scale_and_shift(tape, self.parameters, n.values, n, i)


@normalization(name="layer")
class LayerNorm(Normalization):
    """``n = γ (z - μ) / sqrt(σ² + 1e-5) + β``, μ and σ² of each row over the units.

    Ba et al., 2016. As torch does, σ² is the biased variance. Training and evaluation do not differ.
    """

    parameter_starts: ClassVar = {"gamma": 1.0, "beta": 0.0}

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the formula; its backward goes through mean and variance too."""
        n, i, product = arena.blocks[self.output], self.number, tape.product()
        features, batch = x.values.shape[-2:]
        shares = np.full((1, features), 1 / features, tape.dtype)
        mean, root = tape.array(1, batch), tape.array(1, batch)
        normal, part = tape.array(features, batch), tape.array(features, batch)
        tape.call(product, shares, x.values, mean, label=f"μ{i} = mean of {x.name} over the units")
        tape.call(np.subtract, x.values, mean, normal, label=f"c{i} = {x.name} - μ{i}")
        tape.call(np.multiply, normal, normal, part, label=f"t = c{i}²")
        tape.call(product, shares, part, root, label=f"v{i} = mean of t over the units")
        _record_inverse_root(tape, root, root, i)
        tape.call(np.multiply, normal, root, normal, label=f"ẑ{i} = c{i} r{i}")
        _record_scale_and_shift(tape, self.parameters, normal, n, i)

        def backward() -> None:
            _record_parameter_gradients(tape, self.gradient, normal, n, i)
            gamma, dz, name = _columns(self.parameters)[0], x.error, f"d{x.name}"
            tape.call(np.multiply, n.error, gamma, dz, label=f"{name} = γ{i} d{n.name}")
            tape.call(np.multiply, dz, normal, part, label=f"t = {name} ẑ{i}")
            tape.call(product, shares, part, mean, label="q = mean of t over the units")
            tape.call(np.multiply, normal, mean, part, label=f"t = ẑ{i} q")
            tape.call(product, shares, dz, mean, label=f"q = mean of {name} over the units")
            tape.call(np.subtract, dz, part, dz, label=f"{name} = {name} - t")
            tape.call(np.subtract, dz, mean, dz, label=f"{name} = {name} - q")
            tape.call(np.multiply, dz, root, dz, label=f"{name} = r{i} {name}")

        return n, backward


def _columns(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return pair[..., 0, :, np.newaxis], pair[..., 1, :, np.newaxis]


def _record_inverse_root(tape: Tape, variance: np.ndarray, root: np.ndarray, i: int) -> None:
    tape.call(np.add, variance, tape.constant(EPS), root, label=f"r{i} = v{i} + {EPS:g}")
    tape.call(np.sqrt, root, root, label=f"r{i} = sqrt(r{i})")
    tape.call(np.reciprocal, root, root, label=f"r{i} = 1 / r{i}")


def _record_scale_and_shift(tape: Tape, parameters: np.ndarray, normal: np.ndarray, n: Block, i: int) -> None:
    gamma, beta = _columns(parameters)
    tape.call(np.multiply, normal, gamma, n.values, label=f"{n.name} = γ{i} ẑ{i}")
    tape.call(np.add, n.values, beta, n.values, label=f"{n.name} = {n.name} + β{i}")


def _record_parameter_gradients(
    tape: Tape, gradient: np.ndarray, normal: np.ndarray, n: Block, i: int
) -> None:
    ones = np.ones((n.error.shape[-1], 1), tape.dtype)
    dgamma, dbeta = gradient[..., 0, :], _columns(gradient)[1]
    tape.call(np.vecdot, n.error, normal, dgamma, label=f"dγ{i} = d{n.name} · ẑ{i} over the batch")
    tape.call(tape.product(), n.error, ones, dbeta, label=f"dβ{i} = sum of d{n.name} over the batch")
