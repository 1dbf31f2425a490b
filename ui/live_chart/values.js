// A table of what the lines of a chart show under the pointer; places of the x axis can be pinned beside it.
//
// It reads the lines that the browser holds, so that no place costs a trip to the server. A line's value at a place
// is that of its last recorded point at or before it.

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#36;": "$", "&#37;": "%" };
const NEAR_PIXELS = 6;

// The names of traces come as Plotly reads them, with markup made harmless.
function plainText(name) {
    return name.replace(/&(amp|lt|gt|#36|#37);/g, (entity) => ENTITIES[entity]);
}

function shortNumber(value) {
    if (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5)) return String(Number(value.toPrecision(4)));
    return value.toExponential(3).replace("e+", "e");
}

function shortPlace(x) {
    return String(Number.isInteger(x) ? x : Number(x.toPrecision(5)));
}

// The last point of a line at or before a place; null where it begins later.
function pointAt({ x, y }, place) {
    let [low, high] = [0, x.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        if (x[middle] <= place) low = middle + 1;
        else high = middle;
    }
    return low ? { x: x[low - 1], y: y[low - 1] } : null;
}

// The lines that have a name, as they are drawn; what is hidden or only decorates another is left out.
function namedLines(chart) {
    const css = getComputedStyle(chart.div);
    const [page, text] = ["background", "text"].map((name) => css.getPropertyValue(`--st-${name}-color`).trim());
    return (chart.header?.lines ?? []).flatMap(([key, trace]) => {
        const { name, line, legendgroup, showlegend, hoverinfo } = chart.figure.plain.data[trace];
        if (!name || showlegend === false || hoverinfo === "skip" || chart.hidden?.has(legendgroup)) return [];
        const colour = line?.color ? readable(line.color, page, text) : text;
        return [{ name: plainText(name), group: legendgroup, colour, dash: line?.dash, points: chart.lines.get(key) }];
    });
}

class ChartValues extends LinkedCursor {
    constructor(chart) {
        super(chart);
        this.pins = [];
        this.table = element("table", "values");
        this.hint = element("p", "hint");
        this.hint.textContent = "Point at the chart for the values there; click to pin them.";
        besideChart(chart).prepend(this.table, this.hint);
        chart.dressing.push((data, layout) => (layout.hovermode = false));
        chart.div.tabIndex = 0;
        chart.div.setAttribute("aria-description", "Arrow keys move the cursor, Enter pins it, Escape lets go.");
        chart.div.addEventListener("keydown", (event) => this.key(event));
    }

    place() {
        if (this.axis !== axisTitle(this.chart)) {
            this.axis = axisTitle(this.chart);
            for (const pin of this.pins.splice(0)) pin.line.remove();
        }
        super.place();
        this.chart.box.style.setProperty("--chart-height", this.chart.div.style.height);
        for (const pin of this.pins) this.standAt(pin);
        this.fill();
    }

    point(x) {
        super.point(x);
        if (this.isFilling) return;
        this.isFilling = true;
        requestAnimationFrame(() => {
            this.isFilling = false;
            this.fill();
        });
    }

    // A click pins the place; on a pin it takes that one away.
    pressed(x) {
        const { axis } = plotArea(this.chart);
        const held = this.pins.find((pin) => Math.abs(axis.d2p(pin.x) - axis.d2p(x)) <= NEAR_PIXELS);
        if (held) this.unpin(held);
        else this.pin(x);
    }

    pin(x) {
        const pin = { x, line: element("div", "chart-pin") };
        this.pins.push(pin);
        this.chart.box.append(pin.line);
        this.place();
    }

    unpin(pin) {
        pin.line.remove();
        this.pins.splice(this.pins.indexOf(pin), 1);
        this.place();
    }

    standAt({ x, line }) {
        const area = plotArea(this.chart);
        const across = area ? area.axis.d2p(x) : NaN;
        line.hidden = !(across >= -1 && across <= area?.width + 1);
        if (line.hidden) return;
        line.dataset.number = this.pins.findIndex((pin) => pin.line === line) + 1;
        Object.assign(line.style, {
            transform: `translateX(${area.left + across}px)`, top: `${area.top}px`, height: `${area.height}px`,
        });
    }

    // The arrow keys go from one recorded point to the next, Enter pins, Escape lets go.
    key(event) {
        const longest = namedLines(this.chart).map((line) => line.points.x).sort((a, b) => b.length - a.length)[0];
        if (!longest?.length) return;
        if (event.key === "Escape") moveCursors(this.chart, null);
        else if (event.key === "Enter" && this.x !== null) this.pressed(this.x);
        else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
            const at = this.x === null ? longest.length : longest.findLastIndex((x) => x <= this.x);
            const next = Math.min(longest.length - 1, Math.max(0, at + (event.key === "ArrowLeft" ? -1 : 1)));
            moveCursors(this.chart, longest[next]);
        } else return;
        event.preventDefault();
    }

    fill() {
        const rows = namedLines(this.chart);
        const places = [...this.pins.map((pin) => pin.x), this.x ?? Infinity];
        for (const row of rows) row.found = places.map((place) => pointAt(row.points, place));
        const height = (row) => row.found.at(-1)?.y ?? -Infinity;
        rows.sort((one, other) => (height(other) > height(one)) - (height(other) < height(one)));
        // What a column is called: the newest point that it shows. A cell whose point is older says so.
        const tops = places.map((_, place) => Math.max(...rows.map((row) => row.found[place]?.x ?? -Infinity)));
        this.table.replaceChildren(this.head(tops), this.body(rows, tops));
        this.table.hidden = rows.length === 0;
        this.table.classList.toggle("has-pins", this.pins.length > 0);
        this.table.dataset.axis = this.axis ?? "";
    }

    head(tops) {
        const line = element("tr", "");
        line.append(element("th", ""));
        tops.forEach((top, column) => {
            const [cell, pin] = [element("th", ""), this.pins[column]];
            const place = Number.isFinite(top) ? `${this.axis} ${shortPlace(top)}` : this.axis;
            if (pin) {
                const button = element("button", "unpin");
                button.type = "button";
                button.textContent = `${column + 1}: ${place} ×`;
                button.setAttribute("aria-label", `Remove pin ${column + 1} at ${place}`);
                button.addEventListener("click", () => this.unpin(pin));
                cell.append(button);
            } else {
                cell.textContent = this.x === null ? "latest" : place;
            }
            line.append(cell);
        });
        const head = document.createElement("thead");
        head.append(line);
        return head;
    }

    body(rows, tops) {
        const body = document.createElement("tbody");
        for (const { name, group, colour, dash, found } of rows) {
            const [line, title, swatch] = [element("tr", ""), element("th", ""), element("i", "swatch")];
            swatch.style.borderTop = `2.5px ${dash === "dash" ? "dashed" : "solid"} ${colour}`;
            // What a name ends with tells two lines of a run apart: a long name is cut before it.
            const [, head, tail] = name.match(/^(.*?)((?: \w+_\w+)?(?: \(n = \d+\))?)$/);
            const [start, end] = [element("span", "start"), element("span", "end")];
            [start.textContent, end.textContent] = [head, tail];
            title.append(swatch, start, end);
            title.title = name;
            line.append(title, ...found.map((point, column) => this.cell(point, tops[column], column, found[0])));
            line.addEventListener("pointerenter", () => highlight(this.chart, group ?? null));
            line.addEventListener("pointerleave", () => highlight(this.chart, null));
            body.append(line);
        }
        return body;
    }

    // Behind the first pin each column says how far it is from it.
    cell(point, top, column, first) {
        const cell = document.createElement("td");
        if (!point) {
            cell.textContent = "–";
            return cell;
        }
        const value = element("span", "value");
        value.textContent = shortNumber(point.y);
        cell.append(value);
        cell.title = `${point.y} at ${this.axis} ${point.x}`;
        const notes = [];
        if (column > 0 && first) notes.push(`${point.y < first.y ? "−" : "+"}${shortNumber(Math.abs(point.y - first.y))}`);
        if (point.x !== top) notes.push(`at ${shortPlace(point.x)}`);
        if (notes.length) {
            const note = element("span", "note");
            note.textContent = notes.join(" ");
            cell.append(note);
        }
        return cell;
    }
}
