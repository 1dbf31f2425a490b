"""Plotly charts that are fed while they are looked at: zoom, legend and drags survive; must not know runs."""

from ui.live_chart.cards import Chart, ChartCard
from ui.live_chart.chart import preload, resend_all, show_cells

__all__ = ["Chart", "ChartCard", "preload", "resend_all", "show_cells"]
