"""A player that replays the training of one or two runs."""

from ui.replay.player import pace_behind, replay_beside, show_replay

__all__ = ["pace_behind", "replay_beside", "show_replay"]
