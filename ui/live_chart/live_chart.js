// Holds one Plotly chart and feeds it what the server sends; must not know what a run is.
//
// A message is bytes: header length (uint32, little-endian), header (JSON), padding to 8, then the arrays.
// The header holds a Plotly figure; its long lines come apart from it, as arrays or as tails of arrays that
// are here already. Zoom, hidden legend items and a drag in progress survive every message, because the div
// is never replaced and `uirevision` stays the same for as long as the chart shows the same thing.

const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
const charts = new WeakMap();
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

function decode(bytes) {
    const copy = bytes.slice().buffer;
    const length = new DataView(copy).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(copy, 4, length)));
    const start = Math.ceil((4 + length) / 8) * 8;
    const array = ({ offset, size, kind }) =>
        kind === "f8" ? new Float64Array(copy, start + offset, size) : new Float32Array(copy, start + offset, size);
    return { header, array };
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

// Returns false when the server spoke of points that never arrived here.
function absorb(chart, header, array) {
    const lines = new Map();
    for (const line of header.lines) {
        const x = array(line.x);
        const y = array(line.y);
        const held = chart.lines.get(line.key);
        if (line.whole) {
            lines.set(line.key, { x: Float64Array.from(x), y: Float64Array.from(y) });
        } else if (!held || (x.length > 0 && !(x[0] <= held.x[held.x.length - 1]))) {
            return false;
        } else {
            lines.set(line.key, x.length > 0 ? joined(held, x, y) : held);
        }
    }
    chart.lines = lines;
    return true;
}

function themed(root, layout) {
    const css = getComputedStyle(root);
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

function lineTrace(trace, points, root) {
    const css = getComputedStyle(root);
    const [page, text] = ["background", "text"].map((name) => css.getPropertyValue(`--st-${name}-color`).trim());
    const colour = trace.line?.color;
    return { ...trace, ...points, line: colour ? { ...trace.line, color: readable(colour, page, text) } : trace.line };
}

function draw(chart, root) {
    if (chart.pressed) return;
    const { div, header } = chart;
    const data = [...header.figure.data];
    for (const { trace, key } of header.lines) data[trace] = lineTrace(data[trace], chart.lines.get(key), root);
    const layout = { ...themed(root, header.figure.layout), uirevision: header.identity, autosize: true };
    const began = performance.now();
    chart.drawing = chart.drawing
        .then(() => charts.get(root) === chart && window.Plotly.react(div, data, layout, CONFIG))
        .then(() => {
            div.dataset.identity = header.identity;
            div.dataset.draws = String(Number(div.dataset.draws ?? 0) + 1);
            div.dataset.points = String([...chart.lines.values()].reduce((sum, line) => sum + line.x.length, 0));
            div.dataset.milliseconds = (performance.now() - began).toFixed(1);
        })
        .catch((error) => charts.get(root) === chart && console.error("live chart:", error));
}

function mount(root) {
    const div = root.querySelector(".live-chart");
    const chart = { div, lines: new Map(), header: null, pressed: false, drawing: Promise.resolve() };
    chart.press = () => (chart.pressed = true);
    chart.release = () => {
        if (!chart.pressed) return;
        chart.pressed = false;
        setTimeout(() => charts.get(root) === chart && draw(chart, root), 60);
    };
    div.addEventListener("pointerdown", chart.press, true);
    window.addEventListener("pointerup", chart.release, true);
    window.addEventListener("pointercancel", chart.release, true);
    chart.leave = () => {
        window.removeEventListener("pointerup", chart.release, true);
        window.removeEventListener("pointercancel", chart.release, true);
        charts.delete(root);
        window.Plotly?.purge(div);
    };
    charts.set(root, chart);
    return chart;
}

export default function ({ data, parentElement, setTriggerValue }) {
    const fresh = charts.get(parentElement)?.message === data ? null : decode(data);
    if (fresh && !fresh.header.figure) {
        loadPlotly(fresh.header.plotly).catch(() => {});
        return;
    }
    const chart = charts.get(parentElement) ?? mount(parentElement);
    if (fresh) {
        const { header, array } = fresh;
        if (chart.header?.identity === header.identity && chart.header.serial === header.serial) return chart.leave;
        if (chart.header?.identity !== header.identity) chart.lines = new Map();
        if (!absorb(chart, header, array)) {
            setTriggerValue("resend", header.serial);
            return chart.leave;
        }
        chart.message = data;
        chart.header = header;
    }
    chart.div.style.height = `${chart.header.figure.layout.height}px`;
    chart.div.setAttribute("aria-label", chart.header.title);
    loadPlotly(chart.header.plotly).then(
        () => charts.get(parentElement) === chart && draw(chart, parentElement),
        () => setTriggerValue("failed", true),
    );
    return chart.leave;
}
