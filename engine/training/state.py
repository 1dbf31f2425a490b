"""State: everything that a run needs to go on from a step, as one thing that can be stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.codec import pack, unpack
from engine.nn.schedules import PlateauMemory

INITIALIZATION, SHUFFLING, DROPOUT, EVALUATION = range(4)

FACTS = (
    "step",
    "recorded_step",
    "seconds",
    "diverged",
    "best_step",
    "learning_rate",
    "changes_made",
    "stopped_early",
    "restored",
)


def stream(seed: int, purpose: int, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose (and layer): adding a consumer never shifts another one's draws."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(purpose, index))))


@dataclass(frozen=True)
class Waiting:
    """What early stopping remembers: the validation loss that has to be beaten, and its step."""

    lowest: float = math.inf
    since: int = 0


@dataclass(eq=False)
class State:
    """A run between two updates.

    Attributes
    ----------
    step : int
        Completed updates.
    recorded_step : int
        Step of the last record, -1 before the first.
    seconds : float
        Time spent training.
    diverged : bool
    best_val_loss, best_step
        Lowest validation loss so far and where it stood.
    theta : numpy.ndarray
        ``(P,)``, the parameters; the network adopts this very vector.
    slots : dict of str to numpy.ndarray
        What the optimizer remembers.
    permutation : numpy.ndarray
        Order of the training rows in the current epoch; the position in it follows from ``step``.
    shuffling, dropout : numpy.random.Generator
    statistics : numpy.ndarray
        Running means and variances of batch norm, ``(S,)``; empty without. The network adopts this one too.
    learning_rate : float or None
        Set while the run trains; None stands for the configuration's.
    changes_made : int
        How many of the run's changes were made.
    waiting : Waiting
    plateau : PlateauMemory
    stopped_early : bool
        Patience ran out: the run ends here, whatever its plan says.
    best : dict of str to numpy.ndarray
        What was learned by ``best_step``, as in ``learned``; empty unless it is to be restored.
    restored : bool
        ``learned`` and ``best`` have changed places: the run ended with the weights of ``best_step``.
    """

    theta: np.ndarray
    slots: dict[str, np.ndarray]
    permutation: np.ndarray
    shuffling: np.random.Generator
    dropout: np.random.Generator
    statistics: np.ndarray = field(default_factory=lambda: np.zeros(0))
    step: int = 0
    recorded_step: int = -1
    seconds: float = 0.0
    diverged: bool = False
    best_val_loss: float = np.inf
    best_step: int = 0
    learning_rate: float | None = None
    changes_made: int = 0
    waiting: Waiting = field(default_factory=Waiting)
    plateau: PlateauMemory = field(default_factory=PlateauMemory)
    stopped_early: bool = False
    best: dict[str, np.ndarray] = field(default_factory=dict)
    restored: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether no update may follow, although the plan has more."""
        return self.diverged or self.stopped_early

    @property
    def learned(self) -> dict[str, np.ndarray]:
        """What the network has learned: all that its outputs follow from."""
        return {"theta": self.theta, "statistics": self.statistics}

    def keep_as_best(self) -> None:
        """Remember what is learned now as the best, where a best is to be remembered."""
        for name, kept in self.best.items():
            np.copyto(kept, self.learned[name])

    def exchange_best(self) -> None:
        """Let what is learned and what was remembered as the best change places, in place."""
        for name, kept in self.best.items():
            present = self.learned[name].copy()
            np.copyto(self.learned[name], kept)
            np.copyto(kept, present)
        self.restored = not self.restored

    def to_bytes(self) -> bytes:
        """Return the state as bytes that :meth:`from_bytes` reads."""
        arrays = {**self.learned, "permutation": self.permutation}
        arrays |= {f"slot.{name}": slot for name, slot in self.slots.items()}
        arrays |= {f"best.{name}": array for name, array in self.best.items()}
        meta: dict[str, Any] = {name: getattr(self, name) for name in FACTS}
        meta["best_val_loss"] = _or_none(self.best_val_loss)
        meta["waiting"] = [_or_none(self.waiting.lowest), self.waiting.since]
        meta["plateau"] = [_or_none(self.plateau.lowest), self.plateau.since, self.plateau.factor]
        for name in ("shuffling", "dropout"):
            generator_state = getattr(self, name).bit_generator.state
            arrays[f"generator.{name}"] = generator_state["state"]["state"]
            meta[name] = [generator_state["has_uint32"], generator_state["uinteger"]]
        return pack(arrays, meta)

    @classmethod
    def from_bytes(cls, blob: bytes) -> "State":
        """Return the state that :meth:`to_bytes` wrote, now or before there was all that it holds.

        Raises
        ------
        CodecError
            When the bytes are foreign or damaged.
        """
        arrays, meta = unpack(blob)
        slots = {name[5:]: slot for name, slot in arrays.items() if name.startswith("slot.")}
        best = {name[5:]: array for name, array in arrays.items() if name.startswith("best.")}
        generators: dict[str, Any] = {
            name: _generator(arrays[f"generator.{name}"], *meta.pop(name))
            for name in ("shuffling", "dropout")
        }
        return cls(
            arrays["theta"],
            slots,
            arrays["permutation"],
            **generators,
            statistics=arrays.get("statistics", np.zeros(0, arrays["theta"].dtype)),
            best_val_loss=_or_infinite(meta.pop("best_val_loss")),
            waiting=Waiting(*_remembered(meta.pop("waiting", [None, 0]))),
            plateau=PlateauMemory(*_remembered(meta.pop("plateau", [None, 0, 1.0]))),
            best=best,
            **meta,
        )


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else value


def _remembered(values: Sequence[Any]) -> list[Any]:
    return [_or_infinite(values[0]), *values[1:]]


def _generator(words: np.ndarray, has_uint32: int, uinteger: int) -> np.random.Generator:
    bits = np.random.SFC64(0)
    bits.state = {
        "bit_generator": "SFC64",
        "state": {"state": words.astype(np.uint64)},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return np.random.Generator(bits)
