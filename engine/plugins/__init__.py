"""Plugins: once this is imported, what joins a registry is checked and can be withdrawn.

The decorators are those of the built-in things. These were registered before there was a guard: the tests
check them, so that importing stays fast.
"""

from engine.nn.activations import ACTIVATIONS, activation
from engine.nn.losses import LOSSES, loss
from engine.nn.normalization import NORMALIZATIONS, normalization
from engine.nn.optimizers import OPTIMIZERS, optimizer
from engine.nn.registry import PluginError
from engine.plugins.activations import check_activation
from engine.plugins.losses import check_loss
from engine.plugins.normalizations import check_normalization
from engine.plugins.optimizers import check_optimizer
from engine.plugins.registry import Checked

__all__ = ["PluginError", "activation", "layer", "loss", "normalization", "optimizer"]

ACTIVATIONS.guard = Checked(check_activation)
LOSSES.guard = Checked(check_loss)
NORMALIZATIONS.guard = Checked(check_normalization)
OPTIMIZERS.guard = Checked(check_optimizer)
# What normalization was called before; files of plugins that say so stay valid.
layer = normalization
