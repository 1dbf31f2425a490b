"""A Plotly chart that is fed while it is looked at: zoom, legend and drags survive; must not know runs."""

from ui.live_chart.chart import Line, send_whole, show_figure, show_lines

__all__ = ["Line", "send_whole", "show_figure", "show_lines"]
