"""Plotly charts that are fed while they are looked at: zoom, legend and drags survive; must not know runs."""

from ui.live_chart.cards import Cell, Chart
from ui.live_chart.chart import make_ready, send_whole, show_cells

__all__ = ["Cell", "Chart", "make_ready", "send_whole", "show_cells"]
