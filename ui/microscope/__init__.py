"""The microscope: one training step, call by call, and the worked neuron, each a picture that moves."""

from ui.microscope.neuron import show_neuron
from ui.microscope.step import StepView, show_step, step_view

__all__ = ["StepView", "show_neuron", "show_step", "step_view"]
