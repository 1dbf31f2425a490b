// Holds one Plotly chart and feeds it what the server sends.
//
// The header of a message holds a Plotly figure with {"array": n} for its n-th array; its lines come apart from it, as
// arrays or as tails of arrays that are here already. What stays the same is named by a key once it has come.
// Zoom, hidden legend items and a drag in progress survive every message, because the div is never replaced
// and `uirevision` stays the same for as long as the chart shows the same thing.

const NOT_MEASURED = { u1: 255, u2: 65535 };
const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d", WHOLE_SCREEN]],
};
let plotly = null;

function loadPlotly(url) {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    plotly ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no Plotly")));
        script.onerror = () => reject(new Error(`cannot load ${url}`));
        document.head.appendChild(script);
    });
    return plotly;
}

function joined(held, x, y) {
    let keep = held.x.length;
    while (keep > 0 && held.x[keep - 1] >= x[0]) keep -= 1;
    const join = (old, fresh) => {
        const all = new Float64Array(keep + fresh.length);
        all.set(old.subarray(0, keep));
        all.set(fresh, keep);
        return all;
    };
    return { x: join(held.x, x), y: join(held.y, y) };
}

// Returns false when the message builds on something that never arrived here.
function absorb(chart, header, numbers) {
    return absorbFigure(chart, header, numbers) && absorbLines(chart, header, numbers);
}

function absorbFigure(chart, header, numbers) {
    if (header.figure) chart.figure = { key: header.figureKey, plain: header.figure };
    if (chart.figure?.key !== header.figureKey) return false;
    const arrays = new Map();
    const values = [];
    for (const sent of header.arrays) {
        const found = Array.isArray(sent) ? sent : "offset" in sent ? array(sent, numbers) : chart.arrays.get(sent.key);
        if (!found) return false;
        if (!Array.isArray(sent)) arrays.set(sent.key, found);
        values.push(found);
    }
    chart.arrays = arrays;
    chart.values = values;
    return true;
}

function array({ kind, shape, low, step, power, offset }, numbers) {
    const size = shape.reduce((product, length) => product * length, 1);
    const raw = numbers(kind, offset, size);
    if (kind === "json") return JSON.parse(new TextDecoder().decode(raw));
    const value = (level) => (power ? (level === 0 ? 0 : 10 ** (low + step * (level - 1))) : low + step * level);
    const measured = (level) => (level === NOT_MEASURED[kind] ? NaN : value(level));
    const flat = kind in NOT_MEASURED ? Float64Array.from(raw, measured) : raw;
    if (shape.length === 1) return flat;
    return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
}

function absorbLines(chart, header, numbers) {
    const lines = new Map();
    for (const [key, , isWhole, size, kind, atX, atY] of header.lines) {
        const x = numbers(kind, atX, size);
        const y = numbers("f4", atY, size);
        const held = chart.lines.get(key);
        if (isWhole) {
            lines.set(key, { x: Float64Array.from(x), y: Float64Array.from(y) });
        } else if (!held || (x.length > 0 && !(x[0] <= held.x[held.x.length - 1]))) {
            return false;
        } else {
            lines.set(key, x.length > 0 ? joined(held, x, y) : held);
        }
    }
    chart.lines = lines;
    return true;
}

// Returns a part of the figure with its arrays in their places; a new one each time, for Plotly writes into it.
function filled(part, values) {
    if (Array.isArray(part)) return part.map((each) => filled(each, values));
    if (part === null || typeof part !== "object") return part;
    const names = Object.keys(part);
    if (names.length === 1 && names[0] === "array") return values[part.array];
    return Object.fromEntries(names.map((name) => [name, filled(part[name], values)]));
}

function themed(div, layout) {
    const css = getComputedStyle(div);
    const colour = (name, otherwise) => css.getPropertyValue(`--st-${name}`).trim() || otherwise;
    const text = colour("text-color", "#333");
    const grid = colour("border-color", "#ddd");
    const dressed = { ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
    dressed.font = { ...layout.font, color: text, family: colour("font", "sans-serif"), size: 12 };
    dressed.modebar = { bgcolor: "rgba(0,0,0,0)", color: colour("gray-text-color", "#888"), activecolor: text };
    dressed.hoverlabel = {
        bgcolor: colour("background-color", "#fff"),
        bordercolor: grid,
        font: { color: text, size: 12 },
    };
    for (const name of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
        dressed[name] = { ...layout[name], gridcolor: grid, zerolinecolor: grid, linecolor: grid };
    }
    return dressed;
}

function channels(colour) {
    const hex = colour.match(/^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i);
    const found = hex ? hex.slice(1).map((part) => parseInt(part, 16)) : colour.match(/^rgb\((.+)\)$/)?.[1].split(",");
    return found ? found.map(Number) : null;
}

function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Returns a line's colour, moved towards the text's colour until it stands out from the page (contrast 3).
function readable(colour, page, text) {
    const [from, to, ground] = [colour, text, page].map(channels);
    if (!from || !to || !ground) return colour;
    for (let share = 0; share <= 1; share += 0.1) {
        const mixed = from.map((c, i) => Math.round(c + (to[i] - c) * share));
        const [light, dim] = [luminance(mixed), luminance(ground)].sort((a, b) => b - a);
        if ((light + 0.05) / (dim + 0.05) >= 3) return `rgb(${mixed.join(",")})`;
    }
    return text;
}

function lineTrace(trace, points, div) {
    const css = getComputedStyle(div);
    const [page, text] = ["background", "text"].map((name) => css.getPropertyValue(`--st-${name}-color`).trim());
    const colour = trace.line?.color;
    return { ...trace, ...points, line: colour ? { ...trace.line, color: readable(colour, page, text) } : trace.line };
}

function draw(chart) {
    if (chart.pressed || !chart.header) return;
    const { div, header } = chart;
    const figure = filled(chart.figure.plain, chart.values);
    const data = figure.data;
    for (const [key, trace] of header.lines) data[trace] = lineTrace(data[trace], chart.lines.get(key), div);
    const layout = { ...themed(div, figure.layout), uirevision: header.identity, autosize: true };
    const height = chart.whole ?? chart.height;
    if (height) layout.height = height();
    for (const dress of chart.dressing) dress(data, layout);
    const began = performance.now();
    chart.drawing = chart.drawing
        .then(() => !chart.left && window.Plotly.react(div, data, layout, CONFIG))
        .then(() => {
            div.dataset.identity = header.identity;
            div.dataset.draws = String(Number(div.dataset.draws ?? 0) + 1);
            div.dataset.points = String([...chart.lines.values()].reduce((sum, line) => sum + line.x.length, 0));
            div.dataset.milliseconds = (performance.now() - began).toFixed(1);
            chart.drawn?.();
        })
        .catch((error) => !chart.left && console.error("live chart:", error));
}

// Returns a chart in a div of its own that shows nothing yet; whoever takes the div away calls `leave`. With a
// function `height` it is as high as that says, otherwise as its figure says.
function mountChart(key) {
    const div = document.createElement("div");
    div.className = "live-chart";
    div.dataset.chart = key;
    div.setAttribute("role", "img");
    const box = document.createElement("div");
    box.className = "chart-box";
    box.append(div);
    const chart = { div, box, header: null, figure: null, lines: new Map(), arrays: new Map(), pressed: false, left: false };
    div.chart = chart;
    chart.drawing = Promise.resolve();
    chart.dressing = [];
    chart.press = () => (chart.pressed = true);
    chart.release = () => {
        if (!chart.pressed) return;
        chart.pressed = false;
        setTimeout(() => chart.left || draw(chart), 60);
    };
    div.addEventListener("pointerdown", chart.press, true);
    window.addEventListener("pointerup", chart.release, true);
    window.addEventListener("pointercancel", chart.release, true);
    chart.leave = () => {
        chart.left = true;
        window.removeEventListener("pointerup", chart.release, true);
        window.removeEventListener("pointercancel", chart.release, true);
        window.Plotly?.purge(div);
        box.remove();
    };
    return chart;
}

// Draws a chart that has another height from now on.
function resize(chart) {
    const height = chart.whole ?? chart.height;
    if (!chart.height) chart.div.style.height = `${height ? height() : chart.figure.plain.layout.height}px`;
    draw(chart);
}

// Takes in a message. Returns whether there is anything new to draw: not when it was here before, and not when it
// builds on what never arrived; the chart then keeps what it has, its serial among it.
function take(chart, bytes) {
    const { header, numbers } = decode(bytes);
    if (chart.header?.identity === header.identity && chart.header.serial === header.serial) return false;
    if (chart.header?.identity !== header.identity) chart.lines = new Map();
    if (!absorb(chart, header, numbers)) return false;
    chart.header = header;
    if (!chart.height && !chart.whole) chart.div.style.height = `${chart.figure.plain.layout.height}px`;
    chart.div.setAttribute("aria-label", header.title);
    return true;
}
