"""State: everything that a run needs to go on from a step, as one thing that can be stored."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.codec import pack, unpack

INITIALIZATION, SHUFFLING, DROPOUT, EVALUATION = range(4)

FACTS = (
    "step",
    "recorded_step",
    "seconds",
    "diverged",
    "best_step",
    "learning_rate",
    "changes_made",
)


def stream(seed: int, purpose: int, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose (and layer): adding a consumer never shifts another one's draws."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(purpose, index))))


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

    @property
    def learned(self) -> dict[str, np.ndarray]:
        """What the network has learned: all that its outputs follow from."""
        return {"theta": self.theta, "statistics": self.statistics}

    def to_bytes(self) -> bytes:
        """Return the state as bytes that :meth:`from_bytes` reads."""
        arrays = {**self.learned, "permutation": self.permutation}
        arrays |= {f"slot.{name}": slot for name, slot in self.slots.items()}
        meta: dict[str, Any] = {name: getattr(self, name) for name in FACTS}
        meta["best_val_loss"] = self.best_val_loss if np.isfinite(self.best_val_loss) else None
        for name in ("shuffling", "dropout"):
            generator_state = getattr(self, name).bit_generator.state
            arrays[f"generator.{name}"] = generator_state["state"]["state"]
            meta[name] = [generator_state["has_uint32"], generator_state["uinteger"]]
        return pack(arrays, meta)

    @classmethod
    def from_bytes(cls, blob: bytes) -> "State":
        """Return the state that :meth:`to_bytes` wrote; one from before batch norm has no statistics.

        Raises
        ------
        CodecError
            When the bytes are foreign or damaged.
        """
        arrays, meta = unpack(blob)
        slots = {name[5:]: slot for name, slot in arrays.items() if name.startswith("slot.")}
        best = meta.pop("best_val_loss")
        generators = {
            name: _generator(arrays[f"generator.{name}"], *meta.pop(name))
            for name in ("shuffling", "dropout")
        }
        return cls(
            arrays["theta"],
            slots,
            arrays["permutation"],
            **generators,
            statistics=arrays.get("statistics", np.zeros(0)),
            best_val_loss=np.inf if best is None else best,
            **meta,
        )


def _generator(words: np.ndarray, has_uint32: int, uinteger: int) -> np.random.Generator:
    bits = np.random.SFC64(0)
    bits.state = {
        "bit_generator": "SFC64",
        "state": {"state": words.astype(np.uint64)},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return np.random.Generator(bits)
