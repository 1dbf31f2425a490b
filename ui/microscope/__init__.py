"""The microscope: one training step, call by call, and the worked neuron, each a picture that moves."""

from ui.microscope.looking import Look, look_at
from ui.microscope.neuron import show_neuron

__all__ = ["Look", "look_at", "show_neuron"]
