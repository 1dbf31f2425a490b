"""The scripts of the microscope: what all of its drawings share, and the parts of each."""

from collections.abc import Sequence
from pathlib import Path

from ui.live_chart.assets import FRAMING, Script

HERE = Path(__file__).parent
SHARED = (
    FRAMING,
    *(HERE.parent / "replay" / name for name in ("replay.css", "inbox.js", "controls.js", "paint.js")),
    HERE / "phases.js",
)


def script(name: str, parts: Sequence[str]) -> Script:
    """Return a script of this room, served as one file: see :class:`ui.live_chart.assets.Script`."""
    return Script(name, [*SHARED, *(HERE / part for part in parts)])
