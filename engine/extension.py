"""The door for plugins under the name that people import: ``from engine.extension import activation``."""

from engine.plugins import PluginError, activation, layer, loss, normalization, optimizer

__all__ = ["PluginError", "activation", "layer", "loss", "normalization", "optimizer"]
