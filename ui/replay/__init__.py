"""A player that shows a run's past in the browser: boundary, graph, histograms and gradients move together."""

from ui.replay.player import pace_behind, replay_beside, show_replay

__all__ = ["pace_behind", "replay_beside", "show_replay"]
