"""Which part of its values a figure's y axis shows."""

import numpy as np

from engine.figures.figure import Figure

OUTLIERS = 5
MARGIN = 0.05
BOLD = 2


def leave_out_outliers(figure: Figure) -> None:
    """Let the y axis span what is drawn bold, but for the lowest and the highest 5 % of the points.

    One run that explodes, or the first steep steps, would make all that follows a flat line. What lies
    outside is still there: the axis can be moved, and a double click shows all. A figure whose middle is a
    single value keeps its whole scale. (The 5 % are those of TensorBoard's time series.)
    """
    axis = figure.layout.yaxis
    bold = [np.asarray(trace.y, float) for trace in figure.data if trace.line and trace.line.width == BOLD]
    values = np.concatenate([*bold, np.zeros(0)])
    values = values[np.isfinite(values) & ((values > 0) | (axis.type != "log"))]
    if axis.type == "log":
        values = np.log10(values)
    if len(values) == 0:
        return
    low, high = np.percentile(values, [OUTLIERS, 100 - OUTLIERS])
    if low < high:
        room = MARGIN * (high - low)
        axis.update(range=[float(low - room), float(high + room)], autorange=False)
