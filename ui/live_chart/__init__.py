"""Plotly charts that are updated while people look at them: zoom, legend and drags survive.

One component draws all cards of a page; an update is one message, of what changed alone.
"""

from ui.live_chart.cards import Chart, ChartCard, Chip
from ui.live_chart.chart import (
    note_plotly_failure,
    plotly_failed,
    plotly_url,
    preload,
    resend_all,
    show_cards,
    show_plainly,
)

__all__ = [
    "Chart",
    "ChartCard",
    "Chip",
    "note_plotly_failure",
    "plotly_failed",
    "plotly_url",
    "preload",
    "resend_all",
    "show_cards",
    "show_plainly",
]
