// One cursor for all charts of a page whose x axis is called the same: over one of them, it moves in all.

const linked = new Set();

function axisTitle(chart) {
    return chart.figure?.plain.layout.xaxis?.title?.text ?? "";
}

function moveCursors(chart, x) {
    const title = axisTitle(chart);
    for (const each of linked) each.point(axisTitle(each.chart) === title ? x : null);
}

class LinkedCursor {
    constructor(chart) {
        this.chart = chart;
        this.x = null;
        this.cursor = new ChartCursor(chart, {
            moved: (x) => moveCursors(chart, x),
            left: () => moveCursors(chart, null),
            pressed: (x) => this.pressed(x),
        });
        linked.add(this);
        chart.drawn = () => this.drawn();
        const { leave } = chart;
        chart.leave = () => {
            linked.delete(this);
            leave();
        };
    }

    // Plotly draws by itself, too, when somebody zooms or the window changes.
    drawn() {
        if (!this.isListening) this.chart.div.on("plotly_afterplot", () => this.place());
        this.isListening = true;
        this.place();
    }

    point(x) {
        this.x = x;
        this.cursor.show(x);
    }

    place() {
        this.cursor.show(this.x);
    }

    pressed() {}
}
