"""The stage of the Train page: one run with everything that moves, on one screen and under one clock.

Graph, large picture, loss and layer strip are one component; what plays and what the pointer looks at is
decided in the browser alone.
"""

from ui.stage.stage import Choices, Stage, resend_stage, show_stage

__all__ = ["Choices", "Stage", "resend_stage", "show_stage"]
