"""Activations: what a layer asks of one, the built-in ones by family, and the registry of them all."""

from engine.nn.activations.registry import ACTIVATIONS, Activation

__all__ = ["ACTIVATIONS", "Activation"]
