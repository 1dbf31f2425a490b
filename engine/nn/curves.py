"""The curve of an activation and of its slope, by its own calls on a tape."""

import numpy as np

from engine.nn.activations import Activation
from engine.nn.tape import Arena, Tape


def activation_curves(activation: Activation, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an activation and its derivative at points ``(n,)``, in float64."""
    arena = Arena([("input", "z", 1), ("activation", "a", 1)], len(z), np.float64)
    places, outputs = arena.blocks["z"], arena.blocks["a"]
    tape = Tape(np.float64)
    activation.forward(tape, places, outputs)
    activation.backward(tape, places, outputs)
    places.values[...], outputs.error[...] = z, 1
    tape.replay()
    return outputs.values[0], places.error[0]
