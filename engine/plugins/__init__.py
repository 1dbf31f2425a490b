"""Activations, optimizers, losses and layers of one's own, checked when they are registered; knows no run."""

from engine.plugins.activations import activation
from engine.plugins.losses import loss
from engine.plugins.normalizations import layer
from engine.plugins.optimizers import optimizer
from engine.plugins.registry import PluginError

__all__ = ["PluginError", "activation", "layer", "loss", "optimizer"]
