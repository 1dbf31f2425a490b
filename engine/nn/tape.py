"""The tape: numpy calls of a training step, recorded once and replayed for every batch; knows no layer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

Lead = tuple[int, ...]
WIDE_ENOUGH = 8
# One value for all replicates, or one for each: an array that broadcasts over what it acts on.
Value = float | np.ndarray


@dataclass(frozen=True, slots=True)
class Instruction:
    """One numpy call: what runs, on which arrays, and how people read it.

    Parameters
    ----------
    function : callable
        A numpy function, or one of the adapters below; called as ``function(*arguments)``.
    arguments : tuple
        Inputs and output in the order that the function takes; buffers that live as long as the tape.
    output : numpy.ndarray
        The buffer among the arguments that the call writes.
    label : str
        The call in textbook notation, such as ``z1 = W1 a0 + b1``.
    layer : int
        1 on the input side; 0 for what belongs to no layer.
    phase : str
        ``forward``, ``loss``, ``backward``, ``update`` or ``measure``.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    output: np.ndarray
    label: str
    layer: int
    phase: str


class Tape:
    """A list of instructions on buffers that are allocated while recording, never while replaying.

    Parameters
    ----------
    dtype : numpy dtype
        Precision of every buffer that the tape allocates, unless one is named.
    lead : tuple of int
        Axes in front of every array: ``()`` for one network, ``(R,)`` for R replicates side by side.
    """

    def __init__(self, dtype: Any, lead: Lead = ()) -> None:
        self.dtype = np.dtype(dtype)
        self.lead = lead
        self.instructions: list[Instruction] = []
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._phase = "forward"
        self._layer = 0

    @contextmanager
    def section(self, phase: str, layer: int = 0) -> Iterator[None]:
        """Mark all calls recorded inside with a phase and a layer."""
        before = self._phase, self._layer
        self._phase, self._layer = phase, layer
        yield
        self._phase, self._layer = before

    def call(
        self, function: Callable[..., Any], *arguments: Any, label: str, output: np.ndarray | None = None
    ) -> None:
        """Append a call; its output is the last argument unless ``output`` names another one."""
        written = arguments[-1] if output is None else output
        self.instructions.append(Instruction(function, arguments, written, label, self._layer, self._phase))
        self._calls.append((function, arguments))

    def append(self, other: "Tape") -> None:
        """Append the calls of another tape, which go on using its buffers."""
        self.instructions += other.instructions
        self._calls += other._calls

    def array(self, *shape: int, dtype: Any = None) -> np.ndarray:
        """Return a new buffer of zeros, ``lead + shape``; in memory as :func:`side_by_side` has it."""
        return side_by_side(np.zeros, shape, dtype or self.dtype, self.lead)

    def constant(self, value: Value) -> np.ndarray:
        """Return a 0-d array of the tape's dtype, or one of many: numbers would be converted at each call."""
        return np.array(value, self.dtype)

    def product(self) -> Callable[..., Any]:
        """Return the matrix product for the tape's axes: ``np.dot`` is faster where there is no lead."""
        return np.matmul if self.lead else np.dot

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
    have them in front all the same: OpenBLAS takes a product of one to three columns another way when their
    rows stand apart, to other bits.
    """
    if not lead or len(shape) < 2 or shape[-1] < WIDE_ENOUGH:
        return fill((*lead, *shape), dtype)
    return np.moveaxis(fill((shape[0], *lead, *shape[1:]), dtype), 0, len(lead))


def in_words(value: Value) -> str:
    """Return how a label names a setting."""
    return "each run's own value" if isinstance(value, np.ndarray) else f"{value:g}"


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


# Adapters: functions whose output is not their last positional argument, or that allocate otherwise.


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
