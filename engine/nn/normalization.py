"""What may stand between a dense layer and its activation, and the registry of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.nn.layers import Backward, Mode, no_backward
from engine.nn.registry import Entry, PluginError, Registry, fill_in, meaning_of, name_of
from engine.nn.tape import Arena, Block, Tape

EPS = 1e-5
KEPT = 0.9
GREEK = {"gamma": "γ", "beta": "β"}


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

    def name_rows(self, tape: Tape) -> None:
        """Name what each unit learns, its gradient and what it remembers: γ1, dγ1, running_mean1."""
        learned = [GREEK.get(name, name) for name in self.parameter_starts]
        _named_rows(tape, self.parameters, learned, self.number)
        _named_rows(tape, self.gradient, [f"d{name}" for name in learned], self.number)
        _named_rows(tape, self.statistics, self.statistic_starts, self.number)

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
        share, ones = tape.constant(1 / batch, f"1/{batch}"), _ones(tape, batch)
        moments, root = tape.array(2, features, name="m"), tape.array(features, 1, name="r")
        normal = tape.like(x.values, "ẑ")
        mean, variance = _columns(_named_rows(tape, moments, ("μ", "v"), self.number))
        tape.matmul(x.values, ones, mean)
        tape.multiply(mean, share, mean)
        tape.subtract(x.values, mean, normal)
        tape.vecdot(normal, normal, variance[..., 0])
        tape.multiply(variance, share, variance)
        _record_inverse_root(tape, variance, root)
        tape.multiply(normal, root, normal)
        _record_scale_and_shift(tape, self.parameters, normal, n)
        if mode == "training":
            self._record_running(tape, moments, batch)

        def backward() -> None:
            _record_parameter_gradients(tape, self.gradient, normal, n)
            gamma, dgamma, dbeta = _columns(self.parameters)[0], *_columns(self.gradient)
            column, part, dz = tape.like(root, "q"), tape.like(normal, "t"), x.error
            tape.multiply(dgamma, share, column)
            tape.multiply(normal, column, part)
            tape.subtract(n.error, part, dz)
            tape.multiply(dbeta, share, column)
            tape.subtract(dz, column, dz)
            tape.multiply(gamma, root, column)
            tape.multiply(dz, column, dz)

        return n, backward

    def _record_running(self, tape: Tape, moments: np.ndarray, batch: int) -> None:
        added, kept = tape.like(moments, "u"), self.statistics
        unbiased = np.array([[1.0], [batch / (batch - 1)]])
        shares = tape.constant((1 - KEPT) * unbiased, f"shares{self.number}")
        tape.multiply(moments, shares, added)
        tape.multiply(kept, KEPT, kept)
        tape.add(kept, added, kept)

    def _record_evaluation(self, tape: Tape, x: Block, n: Block) -> None:
        root = tape.array(x.width, 1, name="r")
        mean, variance = _columns(self.statistics)
        _record_inverse_root(tape, variance, root)
        tape.subtract(x.values, mean, n.values)
        tape.multiply(n.values, root, n.values)
        _record_scale_and_shift(tape, self.parameters, n.values, n)


@normalization(name="layer")
class LayerNorm(Normalization):
    """``n = γ (z - μ) / sqrt(σ² + 1e-5) + β``, μ and σ² of each row over the units.

    Ba et al., 2016. As torch does, σ² is the biased variance. Training and evaluation do not differ.
    """

    parameter_starts: ClassVar = {"gamma": 1.0, "beta": 0.0}

    def record(self, tape: Tape, arena: Arena, x: Block, mode: Mode) -> tuple[Block, Backward]:
        """Record the formula; its backward goes through mean and variance too."""
        n, (features, batch) = arena.blocks[self.output], x.values.shape[-2:]
        shares = tape.named(np.full((1, features), 1 / features, tape.dtype), "mean_units()")
        mean, root, column = (tape.array(1, batch, name=name) for name in "μrq")
        normal, part = tape.like(x.values, "ẑ"), tape.like(x.values, "t")
        tape.matmul(shares, x.values, mean)
        tape.subtract(x.values, mean, normal)
        tape.multiply(normal, normal, part)
        tape.matmul(shares, part, root)
        _record_inverse_root(tape, root, root)
        tape.multiply(normal, root, normal)
        _record_scale_and_shift(tape, self.parameters, normal, n)

        def backward() -> None:
            _record_parameter_gradients(tape, self.gradient, normal, n)
            gamma, dz = _columns(self.parameters)[0], x.error
            tape.multiply(n.error, gamma, dz)
            tape.multiply(dz, normal, part)
            tape.matmul(shares, part, column)
            tape.multiply(normal, column, part)
            tape.matmul(shares, dz, column)
            tape.subtract(dz, part, dz)
            tape.subtract(dz, column, dz)
            tape.multiply(dz, root, dz)

        return n, backward


def _columns(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return pair[..., 0, :, np.newaxis], pair[..., 1, :, np.newaxis]


def _ones(tape: Tape, batch: int) -> np.ndarray:
    """Return the column of ones whose product with a matrix sums over the batch."""
    return tape.named(np.ones((batch, 1), tape.dtype), "sum_batch()")


def _named_rows(tape: Tape, rows: np.ndarray, names: Iterable[str], number: int) -> np.ndarray:
    """Return ``lead + (rows, units)``, named row by row with the number of the layer."""
    return tape.named(rows, f"({', '.join(f'{name}{number}' for name in names)})")


def _record_inverse_root(tape: Tape, variance: np.ndarray, root: np.ndarray) -> None:
    tape.add(variance, EPS, root)
    tape.sqrt(root, root)
    tape.reciprocal(root, root)


def _record_scale_and_shift(tape: Tape, parameters: np.ndarray, normal: np.ndarray, n: Block) -> None:
    gamma, beta = _columns(parameters)
    tape.multiply(normal, gamma, n.values)
    tape.add(n.values, beta, n.values)


def _record_parameter_gradients(tape: Tape, gradient: np.ndarray, normal: np.ndarray, n: Block) -> None:
    dgamma, dbeta = gradient[..., 0, :], _columns(gradient)[1]
    tape.vecdot(n.error, normal, dgamma)
    tape.matmul(n.error, _ones(tape, n.error.shape[-1]), dbeta)
