"""A player of the past of runs: boundary, graph, histograms, gradients; must not compute any of them."""

from ui.replay.player import pace_behind, replay_beside, show_replay

__all__ = ["pace_behind", "replay_beside", "show_replay"]
