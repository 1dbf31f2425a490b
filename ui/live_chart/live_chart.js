// Holds one Plotly chart and feeds it what the server sends; must not know what a run is.
//
// A message is bytes: header length (uint32, little-endian), header (JSON), padding to 8, then the arrays.
// Zoom, hidden legend items and a drag in progress survive every message, because the div is never replaced
// and `uirevision` stays the same for as long as the chart shows the same thing.

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
    const series = new Map();
    for (const trace of header.traces) {
        const x = array(trace.x);
        const y = array(trace.y);
        const held = chart.series.get(trace.key);
        if (trace.whole) {
            series.set(trace.key, { x: Float64Array.from(x), y: Float64Array.from(y) });
        } else if (!held || held.x.length === 0 || (x.length > 0 && x[0] > held.x[held.x.length - 1])) {
            return false;
        } else {
            series.set(trace.key, x.length > 0 ? joined(held, x, y) : held);
        }
    }
    chart.series = series;
    return true;
}

function themed(root, layout) {
    const css = getComputedStyle(root);
    const colour = (name, otherwise) => css.getPropertyValue(`--st-${name}`).trim() || otherwise;
    const text = colour("text-color", "#333");
    const grid = colour("border-color", "#ddd");
    const themed = { ...layout };
    themed.paper_bgcolor = themed.plot_bgcolor = "rgba(0,0,0,0)";
    themed.font = { ...themed.font, color: text, family: colour("font", "sans-serif"), size: 12 };
    themed.modebar = { bgcolor: "rgba(0,0,0,0)", color: colour("gray-text-color", "#888"), activecolor: text };
    themed.hoverlabel = {
        bgcolor: colour("background-color", "#fff"),
        bordercolor: grid,
        font: { color: text, size: 12 },
    };
    for (const name of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
        themed[name] = { ...layout[name], gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
    }
    for (const list of ["shapes", "annotations"]) {
        themed[list] = (layout[list] ?? []).map((item) =>
            item.themed ? { ...item, font: { color: text, size: 11 }, line: { ...item.line, color: text } } : item,
        );
    }
    return themed;
}

function dark(root) {
    const background = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
    const hex = background.match(/^#(..)(..)(..)$/);
    return hex !== null && hex.slice(1).reduce((sum, part) => sum + parseInt(part, 16), 0) < 384;
}

function traces(chart, root) {
    const night = dark(root);
    return chart.header.traces.map((trace) => {
        const { x, y } = chart.series.get(trace.key);
        const { light, dark: darkColour } = trace.colour;
        const line = { ...trace.style.line, color: night ? darkColour : light };
        return { ...trace.style, uid: trace.key, x, y, line, marker: { ...trace.style.marker, color: line.color } };
    });
}

function draw(chart, root) {
    const gd = chart.div;
    if (chart.pressed) return;
    const { header } = chart;
    gd.style.height = `${header.height}px`;
    const figure = header.figure;
    const data = figure ? figure.data : traces(chart, root);
    const layout = themed(root, { ...(figure ? figure.layout : header.layout), height: header.height });
    layout.uirevision = header.identity;
    layout.autosize = true;
    const began = performance.now();
    chart.drawing = chart.drawing
        .then(() => window.Plotly.react(gd, data, layout, { ...CONFIG, ...header.config }))
        .then(() => {
            gd.dataset.draws = String(Number(gd.dataset.draws ?? 0) + 1);
            gd.dataset.points = String(data.reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0));
            gd.dataset.milliseconds = (performance.now() - began).toFixed(1);
        })
        .catch((error) => console.error("live chart:", error));
}

function mount(root) {
    const div = root.querySelector(".live-chart");
    const chart = { div, series: new Map(), header: null, pressed: false, drawing: Promise.resolve() };
    chart.press = () => (chart.pressed = true);
    chart.release = () => {
        if (!chart.pressed) return;
        chart.pressed = false;
        setTimeout(() => chart.header && draw(chart, root), 60);
    };
    div.addEventListener("pointerdown", chart.press, true);
    window.addEventListener("pointerup", chart.release, true);
    window.addEventListener("pointercancel", chart.release, true);
    charts.set(root, chart);
    return chart;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
    const chart = charts.get(parentElement) ?? mount(parentElement);
    const { header, array } = decode(data);
    if (!header.figure) {
        const known = chart.header !== null && chart.header.identity === header.identity;
        if (!known) chart.series = new Map();
        if (chart.message !== data && !absorb(chart, header, array)) {
            setTriggerValue("resend", header.serial);
            return;
        }
    }
    chart.message = data;
    chart.header = header;
    const note = parentElement.querySelector(".live-chart-note");
    note.textContent = header.note ?? "";
    note.hidden = !header.note;
    chart.div.setAttribute("aria-label", header.title);
    loadPlotly(header.plotly).then(
        () => draw(chart, parentElement),
        () => setStateValue("failed", true),
    );
    return () => {
        window.removeEventListener("pointerup", chart.release, true);
        window.removeEventListener("pointercancel", chart.release, true);
        charts.delete(parentElement);
        window.Plotly?.purge(chart.div);
    };
}
