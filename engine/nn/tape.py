"""The tape: NumPy calls of a training step, recorded once and replayed for every batch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.nn.adapters import assign, maximum, minimum
from engine.nn.notation import SYMBOLS, Names, label_of

Lead = tuple[int, ...]
WIDE_ENOUGH = 9
NUMBERS = (int, float)
# One value for all replicates, or one for each: an array that broadcasts over what it acts on.
Value = float | np.ndarray


@dataclass(frozen=True, slots=True)
class Instruction:
    """One NumPy call: what runs, on which arrays, and how people read it.

    Parameters
    ----------
    function : callable
        A NumPy function or one of :mod:`engine.nn.adapters`; called as ``function(*arguments)``.
    arguments : tuple
        Inputs and output in the order that the function takes; buffers that live as long as the tape.
    output : numpy.ndarray
        The buffer among the arguments that the call writes.
    layer : int
        1 on the input side; 0 for what belongs to no layer.
    phase : str
        ``forward``, ``loss``, ``backward``, ``update`` or ``measure``.
    names : Names
        What the arrays are called.
    own_label : str, optional
        What a plugin wants to be read instead of the call itself.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    output: np.ndarray
    layer: int
    phase: str
    names: Names
    own_label: str | None = None

    @property
    def label(self) -> str:
        """The call in textbook notation, such as ``z1 = W1 a0 + b1``: see :mod:`engine.nn.notation`."""
        return self.own_label or label_of(self.function, self.arguments, self.output, self.names)


def _verb(function: Callable[..., Any]) -> Callable[..., None]:
    """Return a method of the tape that records a function of one or more operands; the output comes last."""

    def record(self: "Tape", *arguments: Any) -> None:
        dtype = arguments[-1].dtype
        self.call(function, *(self.constant(x, None, dtype) if type(x) in NUMBERS else x for x in arguments))

    record.__doc__ = f"Record ``out = {SYMBOLS[function].replace('{}', 'x')}``."
    return record


class Tape:
    """A list of instructions on buffers that are allocated while recording, never while replaying.

    Calls are recorded by verbs that read like the formula, such as ``tape.multiply(m, beta, m)``: operands,
    then the output. Plain numbers become constants of its dtype.

    Parameters
    ----------
    dtype : numpy dtype
        Precision of every buffer that the tape allocates, unless one is named.
    lead : tuple of int
        Axes in front of every array: ``()`` for one network, ``(R,)`` for R replicates side by side.

    Attributes
    ----------
    names : Names
        What its buffers are called.
    """

    def __init__(self, dtype: Any, lead: Lead = ()) -> None:
        self.dtype = np.dtype(dtype)
        self.lead = lead
        self.names = Names(len(lead))
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._remarks: list[tuple[np.ndarray, int, str, Names, str | None]] = []
        self._phase = "forward"
        self._layer = 0

    @contextmanager
    def section(self, phase: str, layer: int = 0, names: Names | None = None) -> Iterator[None]:
        """Mark all calls recorded inside with a phase and a layer; they may take another tape's names."""
        before = self._phase, self._layer, self.names
        self._phase, self._layer, self.names = phase, layer, names or self.names
        yield
        self._phase, self._layer, self.names = before

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        label: str | None = None,
        output: np.ndarray | None = None,
    ) -> None:
        """Append a call; its output is the last argument unless ``output`` names another one.

        What people read is derived from the call and the names of its buffers, unless a ``label`` is given.
        """
        written = arguments[-1] if output is None else output
        self._calls.append((function, arguments))
        self._remarks.append((written, self._layer, self._phase, self.names, label))

    add, subtract = _verb(np.add), _verb(np.subtract)
    multiply, divide = _verb(np.multiply), _verb(np.divide)
    maximum, minimum, clip = _verb(maximum), _verb(minimum), _verb(np.clip)
    positive, negative, reciprocal = _verb(np.positive), _verb(np.negative), _verb(np.reciprocal)
    square, sqrt, abs, sign = _verb(np.square), _verb(np.sqrt), _verb(np.abs), _verb(np.sign)
    exp, expm1, log, log1p = _verb(np.exp), _verb(np.expm1), _verb(np.log), _verb(np.log1p)
    tanh, vecdot, assign = _verb(np.tanh), _verb(np.vecdot), _verb(assign)

    def matmul(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Record the matrix product ``out = a b``."""
        self.call(self.product(), a, b, out)

    def append(self, other: "Tape") -> None:
        """Append the calls of another tape, which go on using its buffers."""
        self._calls += other._calls
        self._remarks += other._remarks

    def array(self, *shape: int, name: str = "t", dtype: Any = None) -> np.ndarray:
        """Return a new buffer of zeros, ``lead + shape``; in memory as :func:`side_by_side` has it.

        The number of the layer whose calls are recorded is appended to its name: s becomes s2.
        """
        buffer = side_by_side(np.zeros, shape, dtype or self.dtype, self.lead)
        return self.names.give(buffer, f"{name}{self._layer or ''}")

    def like(self, array: np.ndarray, name: str = "t", dtype: Any = None) -> np.ndarray:
        """Return a new buffer of zeros of the shape of another one: see :meth:`array`."""
        return self.array(*array.shape[len(self.lead) :], name=name, dtype=dtype)

    def constant(self, value: Value, symbol: str | None = None, dtype: Any = None) -> np.ndarray:
        """Return a 0-d array of the tape's dtype, or one of many: numbers would be converted at each call.

        It is read as its symbol, such as ``β1`` or ``1 - β1``, or else as the number that it is.
        """
        return self.names.give_constant(np.array(value, dtype or self.dtype), symbol)

    def named(self, array: np.ndarray, name: str) -> np.ndarray:
        """Name an array that the tape did not make, and return it.

        ``sum()`` is the name of ones whose product with a matrix is its sum.
        """
        return self.names.give(array, name)

    def arena(self, rows: Sequence[tuple[str, str, int]], batch: int) -> "Arena":
        """Return an arena whose blocks and their errors are named: see :class:`Arena`."""
        arena = Arena(rows, batch, self.dtype, self.lead)
        for name, block in arena.blocks.items():
            self.named(block.with_ones, f"[{name}; 1]")
            self.named(block.error_with_ones, f"[d{name}; _]")
        return arena

    def product(self) -> Callable[..., Any]:
        """Return the matrix product for the tape's axes: ``np.dot`` is faster where there is no lead."""
        return np.matmul if self.lead else np.dot

    @property
    def instructions(self) -> list[Instruction]:
        """The calls in order, with all that people want to know of them."""
        return [Instruction(*call, *remark) for call, remark in zip(self._calls, self._remarks, strict=True)]

    def replay(self) -> None:
        """Run every call in order."""
        for function, arguments in self._calls:
            function(*arguments)

    def __len__(self) -> int:
        return len(self._calls)


def side_by_side(
    fill: Callable[..., np.ndarray], shape: tuple[int, ...], dtype: Any, lead: Lead
) -> np.ndarray:
    """Return a new array ``lead + shape``; in memory the replicates stand behind the first axis of a matrix.

    So the rows of a layer are one piece of memory for all replicates, and a call on them one loop: with the
    replicates in front it would be a loop for each, which takes up to twice as long. Very narrow matrices
    have them in front all the same: OpenBLAS takes a product of up to eight columns another way when their
    rows stand apart, to other bits.
    """
    if not lead or len(shape) < 2 or shape[-1] < WIDE_ENOUGH:
        return fill((*lead, *shape), dtype)
    return np.moveaxis(fill((shape[0], *lead, *shape[1:]), dtype), 0, len(lead))


def cell_shape(lead: Lead) -> Lead:
    """Return the shape of a scalar that broadcasts over ``lead + (n,)``: one number for each replicate."""
    return (*lead, 1) if lead else ()


class Block:
    """The rows of one layer's output in the arena.

    ``values`` and ``error`` have shape ``lead + (width, batch)``; ``with_ones`` has one row of ones more,
    which carries the bias of the layer that reads it. ``error`` is the derivative of the loss, and
    ``error_with_ones`` has a last row for the ones that nobody reads: with it the product that fills it
    takes the whole weight matrix, which np.dot would otherwise copy at each call.
    """

    def __init__(self, name: str, values: np.ndarray, error: np.ndarray, is_input: bool) -> None:
        self.name = name
        self.with_ones = values
        self.values = values[..., :-1, :]
        self.error_with_ones = error
        self.error = error[..., :-1, :]
        self.is_input = is_input
        self.width = self.values.shape[-2]


class Arena:
    """Lays out the outputs of all layers of a step in one buffer, and their errors in a second one alike.

    Layers of one kind lie side by side, so that one call can serve all of them (statistics now, derivatives
    in a pass over the tape).

    Parameters
    ----------
    rows : sequence of (str, str, int)
        Kind, name and width of each output, in the order of the layers; the input comes first.
    batch : int
        Number of columns.

    Attributes
    ----------
    masks : dict of int to numpy.ndarray
        Dropout masks by layer, where they were drawn before the layer is recorded.
    """

    def __init__(self, rows: Sequence[tuple[str, str, int]], batch: int, dtype: Any, lead: Lead = ()) -> None:
        kinds = list(dict.fromkeys(kind for kind, _, _ in rows))
        total = sum(width + 1 for _, _, width in rows)
        self.values = side_by_side(np.ones, (total, batch), dtype, lead)
        self.errors = side_by_side(np.zeros, (total, batch), dtype, lead)
        self.blocks: dict[str, Block] = {}
        self.masks: dict[int, np.ndarray] = {}
        self._bounds: dict[str, tuple[int, int]] = {}
        start = 0
        for kind in kinds:
            first = start
            for name, width in [(name, width) for its_kind, name, width in rows if its_kind == kind]:
                part = np.s_[..., start : start + width + 1, :]
                is_input = name == rows[0][1]
                self.blocks[name] = Block(name, self.values[part], self.errors[part], is_input)
                start += width + 1
            self._bounds[kind] = first, start

    def slab(self, kind: str) -> np.ndarray:
        """Return the rows of all layers of one kind, ones rows included."""
        first, last = self._bounds[kind]
        return self.values[..., first:last, :]
