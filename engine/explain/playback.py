"""One training step to go through call by call: what each reads and writes, what units and edges show."""

import re
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from engine.explain.grammar import Node, NotInNotation, equations
from engine.explain.meaning import meaning_of
from engine.explain.step import LOSS, ExplainedStep
from engine.nn.tape import Instruction

# Larger arrays are shown as a grid of so many cells each way.
CELLS = 64
UNITS_DRAWN = 12
# What the units of a layer show: sum, normalized, activation, dropped, residual; or the errors of these.
OF_UNITS = re.compile(r"^(d?)([znadh])(\d+)'*$")


@dataclass(frozen=True)
class Seen:
    """An array as it was read or left: name, own shape, and place among the arrays of the step."""

    name: str
    shape: tuple[int, ...]
    place: int


@dataclass(frozen=True)
class Call:
    """One call of a step."""

    phase: str
    layer: int
    label: str
    meaning: str
    reads: list[Seen]
    writes: list[Seen]


@dataclass
class Playback:
    """A step that was played, as plain data.

    Attributes
    ----------
    calls : list of Call
    arrays : list of numpy.ndarray
        Each different content once, in its own precision; larger ones as the entry of largest magnitude in
        each cell of a grid.
    units : list of dict
        One for each layer from the input on: ``units``, the places of the ``drawn`` ones (from 0), and what
        they show, a list of ``[call, kind, values]``: from this call on, ``value`` or ``error``, the mean
        over the rows.
    edges : list of dict
        One for each layer from the first on, for the drawn units, ``(out, in)``: ``weights``, ``after`` the
        update, ``gradient``, and ``flow``, the mean over the rows of what flows back along each edge by
        magnitude: the error at the sum times the weight.
    loss : float
    """

    calls: list[Call] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    loss: float = 0.0

    @property
    def plain(self) -> dict[str, Any]:
        """All but the arrays as plain values, for JSON."""
        return {
            "calls": [asdict(each) for each in self.calls],
            "units": self.units,
            "edges": self.edges,
            "loss": self.loss,
        }


def played_back(step: ExplainedStep) -> Playback:
    """Run a step whose calls have not run yet, and return what there is to see of each."""
    found, pool, shown = Playback(), _Pool(), []
    named = [_names(each) for each in step.instructions]
    groups = [
        (step.phase(each), each.layer, targets[0])
        for each, (targets, _) in zip(step.instructions, named, strict=True)
    ]
    last = {group: place for place, group in enumerate(groups)}
    player = step.play()
    for place, (each, (targets, names)) in enumerate(zip(step.instructions, named, strict=True)):
        phase, _, target = groups[place]
        is_part = last[groups[place]] > place
        reads = pool.seen(each, names)
        next(player)
        writes = pool.seen(each, targets)
        meaning = meaning_of(phase, target, is_part, has_bias=" + " in each.label)
        if phase == LOSS and target.startswith("dz") and not is_part and _is_difference(step):
            meaning += " Together these calls are (p - y) / rows, p being the predicted probability."
        found.calls.append(Call(phase, each.layer, each.label, meaning, reads, writes))
        if not is_part and (values := _of_units(each, target)) is not None:
            shown.append((place, target, values))
    found.arrays, found.loss = pool.arrays, step.loss
    drawn = _drawn(step)
    found.units = _units(step, shown, drawn)
    found.edges = _edges(step, drawn)
    return found


def _is_difference(step: ExplainedStep) -> bool:
    """Tell whether the error at the outputs is prediction minus target: a cross-entropy without weights."""
    config = step.config
    is_plain = config.class_weights is None and not config.label_smoothing
    return is_plain and config.loss in ("binary_cross_entropy", "cross_entropy")


def _names(call: Instruction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that the label of a call has on its left, and on its right; each once."""
    try:
        said = equations(call.label)
    except NotInNotation:  # a plugin's own words
        return (call.names.of(call.output),), ()
    reads = [name for each in said for name in _read(each.value)]
    return tuple(name for each in said for name in each.targets), tuple(dict.fromkeys(reads))


def _read(node: Node) -> list[str]:
    if node.kind == "name":
        return [node.text.removesuffix("[layer]")]
    return [name for part in node.parts for name in _read(part)]


def _of_units(call: Instruction, name: str) -> np.ndarray | None:
    """Return the mean over the rows of what a call has left at the units of a layer, else None."""
    if OF_UNITS.match(name) is None or name not in call.names.arrays or call.phase == "update":
        return None
    with np.errstate(all="ignore"):  # a diverged run has numbers that are not finite
        return np.asarray(call.names.arrays[name], np.float64).mean(axis=-1)


def _drawn(step: ExplainedStep) -> list[np.ndarray]:
    """Return for each layer the units to draw: all, or those through which most of the error goes."""
    blocks, names = step.recording.arena.blocks, [layer.output for layer in step.network.dense]
    drawn = [_strongest(np.abs(step.recording.x).mean(axis=1))]
    return drawn + [_strongest(np.abs(blocks[name].error).mean(axis=1)) for name in names]


def _strongest(sizes: np.ndarray) -> np.ndarray:
    known = np.nan_to_num(sizes, nan=np.inf)
    return np.sort(np.argsort(-known, kind="stable")[:UNITS_DRAWN])


def _units(
    step: ExplainedStep, shown: list[tuple[int, str, np.ndarray]], drawn: list[np.ndarray]
) -> list[dict[str, Any]]:
    inputs = np.asarray(step.recording.x, np.float64).mean(axis=1)
    events: list[list[Any]] = [[] for _ in drawn]
    events[0].append([-1, "value", _plain(inputs[drawn[0]])])
    for place, name, values in shown:
        match = OF_UNITS.match(name)
        assert match is not None
        is_error, _, number = match.groups()
        layer = int(number)
        if layer < len(drawn) and len(values) == step.network.sizes[layer]:
            events[layer].append([place, "error" if is_error else "value", _plain(values[drawn[layer]])])
    return [
        {"units": size, "drawn": places.tolist(), "shows": each}
        for size, places, each in zip(step.network.sizes, drawn, events, strict=True)
    ]


def _edges(step: ExplainedStep, drawn: list[np.ndarray]) -> list[dict[str, Any]]:
    blocks = step.recording.arena.blocks
    before, gradient, after = map(step.named, (step.before, step.gradient, step.network.parameters.theta))
    edges = []
    for layer, (left, right) in zip(step.network.dense, pairwise(drawn), strict=True):
        chosen, name = np.ix_(right, left), f"dense{layer.number}.weight"
        error = np.abs(blocks[layer.output].error[right]).mean(axis=1)
        with np.errstate(all="ignore"):
            flow = np.abs(before[name][chosen]) * error[:, None]
        edges.append(
            {
                "weights": _plain(before[name][chosen]),
                "after": _plain(after[name][chosen]),
                "gradient": _plain(gradient[name][chosen]),
                "flow": _plain(flow),
            }
        )
    return edges


def _plain(values: np.ndarray) -> list[Any]:
    """Return numbers as nested lists, those that are not finite as None."""
    found = np.asarray(values, np.float64)
    if np.isfinite(found).all():
        return found.tolist()
    plain = found.astype(object)
    plain[~np.isfinite(found)] = None
    return plain.tolist()


class _Pool:
    """The contents of arrays, each once."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self._places: dict[bytes, int] = {}

    def seen(self, call: Instruction, names: tuple[str, ...]) -> list[Seen]:
        """Return what the arrays of these names hold now."""
        arrays = call.names.arrays
        return [self._seen(name, arrays[name]) for name in names if name in arrays]

    def _seen(self, name: str, array: np.ndarray) -> Seen:
        content = reduced(array)
        if content.dtype.kind != "f":
            content = content.astype(np.float32)
        key = f"{content.dtype}{content.shape}".encode() + content.tobytes()
        if key not in self._places:
            self._places[key] = len(self.arrays)
            self.arrays.append(content)
        return Seen(name, array.shape, self._places[key])


def reduced(array: np.ndarray) -> np.ndarray:
    """Return a copy of an array; a large one as a grid of the strongest entry of each of its cells."""
    if array.size <= CELLS * CELLS:
        return np.array(array)
    table = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else _as_table(array)
    for axis in (0, 1):
        if table.shape[axis] > CELLS:
            parts = np.array_split(table, CELLS, axis=axis)
            table = np.stack([_strongest_entry(part, axis) for part in parts], axis=axis)
    return table


def _as_table(vector: np.ndarray) -> np.ndarray:
    """Return a long vector as a square, line by line; the last line is filled up with 0."""
    width = int(np.ceil(np.sqrt(len(vector))))
    return np.pad(vector, (0, -len(vector) % width)).reshape(-1, width)


def _strongest_entry(part: np.ndarray, axis: int) -> np.ndarray:
    strongest = np.expand_dims(np.argmax(np.abs(part), axis=axis), axis)
    return np.take_along_axis(part, strongest, axis).squeeze(axis)
