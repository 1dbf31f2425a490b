// A vertical line over a chart at a place of its x axis, and where on that axis the pointer is.
//
// The line is an element of its own above Plotly's: moving it costs nothing, where a shape of the figure would
// have everything drawn anew.

// The place that a chart draws into: its edges in pixels of the chart, and its axis; null before it is drawn.
function plotArea(chart) {
    const { xaxis, yaxis } = chart.div._fullLayout ?? {};
    if (!xaxis?._length || !yaxis?._length) return null;
    return { left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length, axis: xaxis };
}

// Calls `moved(x, event)` with the place on the x axis, in the units of the axis, while the pointer is over the
// drawn part of a chart and no button is held, `left()` when it goes, `pressed(x)` for a click that drags nothing.
class ChartCursor {
    constructor(chart, { moved, left, pressed }) {
        this.chart = chart;
        this.isOver = false;
        this.line = document.createElement("div");
        this.line.className = "chart-cursor";
        this.line.hidden = true;
        chart.box.append(this.line);
        const { box } = chart;
        box.addEventListener("pointermove", (event) => {
            const x = event.buttons ? null : this.under(event);
            if (x === null) this.end(left);
            else {
                this.isOver = true;
                moved?.(x, event);
            }
        });
        box.addEventListener("pointerleave", () => this.end(left));
        box.addEventListener("pointerdown", (event) => (this.began = [event.clientX, event.clientY]), true);
        box.addEventListener("click", (event) => {
            const [x, y] = this.began ?? [-1e6, 0];
            const place = Math.hypot(event.clientX - x, event.clientY - y) < 4 ? this.under(event) : null;
            if (place !== null) pressed?.(place);
        }, true);
    }

    end(left) {
        if (!this.isOver) return;
        this.isOver = false;
        left?.();
    }

    under(event) {
        const area = plotArea(this.chart);
        if (!area) return null;
        const edge = this.chart.div.getBoundingClientRect();
        const [across, down] = [event.clientX - edge.left - area.left, event.clientY - edge.top - area.top];
        const isInside = across >= 0 && across <= area.width && down >= 0 && down <= area.height;
        return isInside ? area.axis.p2d(across) : null;
    }

    // Shows the line at a place of the axis; hides it where the place is not in view, or null.
    show(x) {
        const area = x === null ? null : plotArea(this.chart);
        const across = area ? area.axis.d2p(x) : NaN;
        this.line.hidden = !(across >= -1 && across <= area?.width + 1);
        if (this.line.hidden) return;
        this.line.style.transform = `translateX(${area.left + across}px)`;
        this.line.style.top = `${area.top}px`;
        this.line.style.height = `${area.height}px`;
    }
}
