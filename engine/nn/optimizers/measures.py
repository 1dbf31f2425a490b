"""What a measured update leaves behind: sums over each layer.

All sums are taken in float64: in float32 the squares of vanishing gradients would all be 0, those of
exploding ones infinite, where the true norm is neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from engine.nn.parameters import Parameters
from engine.nn.tape import Tape

# Vectors longer than this are summed in blocks of so many elements, which stay in the second level cache.
BLOCK = 32768


@dataclass(frozen=True)
class UpdateMeasures:
    """What a measured update leaves behind, float64: sums over each layer.

    Attributes
    ----------
    magnitudes : numpy.ndarray
        Of the gradient as the backward pass left it, ``lead + (layers,)``.
    squares : numpy.ndarray
        Of several vectors, a row each, ``lead + (vectors, layers)``.
    rows : dict of str to int
        Which row is whose: ``gradient``, as the backward pass left it, ``clipped``, the same after clipping
        (and the same row where nothing clips), ``weights`` before the update and ``new_weights`` after it,
        ``update``, which was subtracted from them.
    """

    magnitudes: np.ndarray
    squares: np.ndarray
    rows: dict[str, int]

    def of(self, name: str) -> np.ndarray:
        """Return the sums of squares of one vector, ``lead + (layers,)``."""
        return self.squares[..., self.rows[name], :]


class Sums(Protocol):
    """Sums over each layer of several flat vectors, each taken in where it stands on the tape.

    Attributes
    ----------
    squares : numpy.ndarray
        A row for each vector, ``lead + (vectors, layers)``.
    magnitudes : numpy.ndarray
        Of the first vector alone, ``lead + (layers,)``.
    """

    squares: np.ndarray
    magnitudes: np.ndarray

    def take(self, name: str, vector: np.ndarray) -> None:
        """Record that a vector is taken in: what becomes of it afterwards does not matter."""
        ...

    def close(self) -> None:
        """Record what is left to do once all vectors were taken in."""
        ...


def layer_sums(tape: Tape, parameters: Parameters, names: Sequence[str]) -> Sums:
    """Return the sums that suit the number of parameters; the first of the vectors is the gradient."""
    kind = SumsSideBySide if parameters.size <= BLOCK else SumsInBlocks
    return kind(tape, parameters, names)


class SumsSideBySide:
    """Copies the vectors into rows of one array, of which one call squares all, and one sums all layers.

    For few parameters, where calls are what costs.
    """

    def __init__(self, tape: Tape, parameters: Parameters, names: Sequence[str]) -> None:
        self.tape, self.starts, self.names = tape, parameters.starts, tuple(names)
        self.rows = tape.array(len(names) + 1, parameters.size, name="rows", dtype=np.float64)
        self.sums = tape.array(len(names) + 1, len(self.starts), name="sums", dtype=np.float64)
        self.squares, self.magnitudes = self.sums[..., :-1, :], self.sums[..., -1, :]

    def take(self, name: str, vector: np.ndarray) -> None:
        """Record the copy into the vector's row, in float64."""
        self.tape.assign(vector, self._row(self.names.index(name)))

    def close(self) -> None:
        """Record magnitudes, squares, and the sums of all rows."""
        tape, count = self.tape, len(self.names)
        copies = tape.named(self.rows[..., :count, :], f"rows[:{count}]")
        tape.abs(self._row(0), self._row(count))
        tape.square(copies, copies)
        tape.call(np.add.reduceat, self.rows, self.starts, -1, None, self.sums)

    def _row(self, number: int) -> np.ndarray:
        return self.tape.named(self.rows[..., number, :], f"rows[{number}]")


class SumsInBlocks:
    """Takes each vector block by block: a block in float64, its product with itself, then the next.

    For many parameters, where memory is what costs: a whole vector in float64 leaves the cache between two
    calls. No block reaches over the end of a layer, so that the sums of blocks add up to those of layers.
    """

    def __init__(self, tape: Tape, parameters: Parameters, names: Sequence[str]) -> None:
        self.tape, self.names = tape, tuple(names)
        layers = pairwise([*parameters.starts.tolist(), parameters.size])
        blocks = [[*range(start, end, BLOCK), end] for start, end in layers]
        self.blocks = [np.s_[..., start:end] for each in blocks for start, end in pairwise(each)]
        counts = [len(each) - 1 for each in blocks]
        self.starts = np.cumsum([0, *counts[:-1]])
        self.block, self.ones = tape.array(BLOCK, name="block", dtype=np.float64), np.ones(BLOCK)
        self.parts = tape.array(len(names) + 1, len(self.blocks), name="parts", dtype=np.float64)
        self.sums = tape.array(len(names) + 1, len(counts), name="sums", dtype=np.float64)
        self.squares, self.magnitudes = self.sums[..., :-1, :], self.sums[..., -1, :]

    def take(self, name: str, vector: np.ndarray) -> None:
        """Record the sum of squares of each block, of the first vector that of magnitudes too."""
        tape, number, vector_name = self.tape, self.names.index(name), self.tape.names.of(vector)
        for index, part in enumerate(self.blocks):
            start, end = part[1].start, part[1].stop
            values = tape.named(vector[part], f"{vector_name}[{start}:{end}]")
            block = tape.named(self.block[..., : end - start], f"block[:{end - start}]")
            tape.assign(values, block)
            tape.vecdot(block, block, self._part(number, index))
            if number == 0:
                ones = tape.named(self.ones[: end - start], "sum()")
                tape.abs(block, block)
                tape.vecdot(block, ones, self._part(len(self.names), index))

    def close(self) -> None:
        """Record the sums of the blocks of each layer."""
        self.tape.call(np.add.reduceat, self.parts, self.starts, -1, None, self.sums)

    def _part(self, number: int, index: int) -> np.ndarray:
        return self.tape.named(self.parts[..., number, index], f"parts[{number},{index}]")
