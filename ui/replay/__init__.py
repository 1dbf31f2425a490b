"""A player that replays the training of one or two runs.

Frames are computed once a server and sent ahead; playing and scrubbing happen in the browser alone.
"""

from ui.replay.frames_cache import pace_behind
from ui.replay.player import replay_beside, show_replay

__all__ = ["pace_behind", "replay_beside", "show_replay"]
