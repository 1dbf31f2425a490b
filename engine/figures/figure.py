"""A Plotly figure as the plain JSON that Plotly's script reads, unchecked and quick."""

from collections.abc import Callable
from typing import Any

Box = dict[str, Any]


class Part(dict[str, Any]):
    """A piece of a figure whose properties are attributes, too; what was not set is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def _part(properties: Box) -> Part:
    """Return properties as a part, nested ones too; None stands for what is not set."""
    return Part(
        (name, _part(value) if isinstance(value, dict) else value)
        for name, value in properties.items()
        if value is not None
    )


class Figure:
    """Traces and a layout, by the names that Plotly's documents give their properties.

    ``plotly.graph_objects.Figure`` checks and copies each property when it is set, which takes ten times as
    long as all else that a live page does. What our figures set is checked by a test instead.

    Attributes
    ----------
    data : list of Part
        The traces.
    layout : Part
    """

    def __init__(self, **layout: Any) -> None:
        self.data: list[Part] = []
        self.layout = Part(xaxis=Part(), yaxis=Part(), **_part(layout))

    def add_scatter(self, **properties: Any) -> None:
        """Add lines or markers."""
        self._add("scatter", properties)

    def add_heatmap(self, **properties: Any) -> None:
        """Add a field of colours."""
        self._add("heatmap", properties)

    def add_contour(self, **properties: Any) -> None:
        """Add lines of equal height."""
        self._add("contour", properties)

    def _add(self, kind: str, properties: Box) -> None:
        self.data.append(_part({"type": kind, **properties}))

    def update_layout(self, **properties: Any) -> None:
        """Set properties of the layout."""
        self.layout.update(_part(properties))

    def update_xaxes(self, **properties: Any) -> None:
        """Set properties of the x axis."""
        self.layout.xaxis.update(_part(properties))

    def update_yaxes(self, **properties: Any) -> None:
        """Set properties of the y axis."""
        self.layout.yaxis.update(_part(properties))

    def add_vline(self, x: float, line: Box, annotation: Box | None = None) -> None:
        """Add a line over the whole height, with text at its upper end."""
        self._shape("line", {"x0": x, "x1": x, **_WHOLE_HEIGHT, "line": line})
        if annotation is not None:
            at = {"x": x, "xref": "x", "xanchor": "left", "y": 1, "yref": "y domain", "yanchor": "top"}
            text = _part({**at, "showarrow": False, **annotation})
            self.layout["annotations"] = [*(self.layout.annotations or []), text]

    def add_hline(self, y: float, line: Box) -> None:
        """Add a line over the whole width."""
        self._shape("line", {"y0": y, "y1": y, **_WHOLE_WIDTH, "line": line})

    def add_vrect(self, x0: float, x1: float, fillcolor: str, layer: str) -> None:
        """Add a band of the whole height without an edge."""
        edge = {"line": {"width": 0}, "layer": layer}
        self._shape("rect", {"x0": x0, "x1": x1, **_WHOLE_HEIGHT, "fillcolor": fillcolor, **edge})

    def add_hrect(self, y0: float, y1: float, fillcolor: str, layer: str) -> None:
        """Add a band of the whole width without an edge."""
        edge = {"line": {"width": 0}, "layer": layer}
        self._shape("rect", {"y0": y0, "y1": y1, **_WHOLE_WIDTH, "fillcolor": fillcolor, **edge})

    def _shape(self, kind: str, properties: Box) -> None:
        self.layout["shapes"] = [*(self.layout.shapes or []), _part({"type": kind, **properties})]

    def for_each_trace(self, change: Callable[[Part], object]) -> None:
        """Change each trace."""
        for trace in self.data:
            change(trace)


_WHOLE_HEIGHT = {"xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
_WHOLE_WIDTH = {"yref": "y", "x0": 0, "x1": 1, "xref": "x domain"}
