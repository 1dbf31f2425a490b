"""A Plotly chart that is fed while it is looked at: zoom, legend and drags survive; must not know runs."""

from ui.live_chart.chart import can_repeat, make_ready, repeat_chart, send_whole, show_chart, update_chart

__all__ = ["can_repeat", "make_ready", "repeat_chart", "send_whole", "show_chart", "update_chart"]
