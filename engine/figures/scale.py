"""Which part of its values a figure's y axis shows."""

import numpy as np

from engine.figures.figure import Figure

OUTLIERS = 5
MARGIN = 0.05
BOLD = 2


def span_bold(figure: Figure) -> None:
    """Let the y axis span what is drawn bold: a faint, noisy line behind it is cut where it goes beyond."""
    axis = figure.layout.yaxis
    bold, faint = _values(figure, bold=True), _values(figure, bold=False)
    if len(bold) == 0 or bold.min() == bold.max() or len(faint) == 0:
        return
    if faint.min() < bold.min() or faint.max() > bold.max():
        room = MARGIN * (bold.max() - bold.min())
        axis.update(range=[float(bold.min() - room), float(bold.max() + room)], autorange=False)


def _values(figure: Figure, *, bold: bool) -> np.ndarray:
    """Return the finite values of the lines drawn bold, or of all others; as powers of ten on a log axis."""
    is_log = figure.layout.yaxis.type == "log"
    lines = [trace for trace in figure.data if trace.line and (trace.line.width == BOLD) == bold]
    values = np.concatenate([*(np.asarray(trace.y, float) for trace in lines), np.zeros(0)])
    values = values[np.isfinite(values) & ((values > 0) | (not is_log))]
    return np.log10(values) if is_log else values


def leave_out_outliers(figure: Figure) -> None:
    """Let the y axis span what is drawn bold, but for the lowest and the highest 5 % of the points.

    One run that explodes, or the first steep steps, would make all that follows a flat line. What lies
    outside is still there: the axis can be moved, and a double click shows all. A figure whose middle is a
    single value keeps its whole scale. (The 5 % are those of TensorBoard's time series.)
    """
    axis = figure.layout.yaxis
    values = _values(figure, bold=True)
    if len(values) == 0:
        return
    low, high = np.percentile(values, [OUTLIERS, 100 - OUTLIERS])
    if low < high:
        room = MARGIN * (high - low)
        axis.update(range=[float(low - room), float(high + room)], autorange=False)
