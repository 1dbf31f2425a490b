"""Losses: what a network asks of one, those for regression and classification, and the registry of all."""

from engine.nn.losses.registry import LOSSES, Loss

__all__ = ["LOSSES", "Loss"]
