"""Activations, optimizers, losses and layers of one's own, checked when they are registered; knows no run."""

from engine.extension.activations import activation
from engine.extension.layers import layer
from engine.extension.losses import loss
from engine.extension.optimizers import optimizer
from engine.extension.registry import PluginError

__all__ = ["PluginError", "activation", "layer", "loss", "optimizer"]
