// Draws the weights between two columns of the graph as lines, or the gradients that flow back through them.

// Gradients are drawn over this many decades below the largest one of the run.
const GRADIENT_DECADES = 5;
const NEAR = 6;

// Every drawn edge with its ends, in the order in which frames hold them: calls `each(edge)`.
function forEdges(columns, each) {
    let place = 0;
    let pair = 0;
    for (let i = 0; i + 1 < columns.length; i += 1) {
        const [left, right] = [columns[i], columns[i + 1]];
        if (right.layer.number !== left.layer.number + 1) continue;
        for (const to of right.units) {
            for (const from of left.units) {
                const [a, b] = [from.x + left.side / 2, to.x - right.side / 2];
                each({ place, pair, left: left.layer.number, right: right.layer.number, from, to, a, b });
                place += 1;
            }
        }
        pair += 1;
    }
}

function edgeValue(run, frame, { place, pair }, shows) {
    const [name, scale] = shows === "gradients" ? ["gradients", "gradient_scale"] : ["weights", "scale"];
    return (run.array(frame, name)[place] / 32767) * run.array(frame, scale)[pair];
}

// How thick a value is drawn, 0 to 1: weights by their root, gradients by their order of magnitude.
function edgeShare(run, value, shows) {
    const size = Math.abs(value);
    if (!(size > 0)) return 0;
    if (shows !== "gradients") return Math.sqrt(Math.min(size / Math.max(run.scale, 1e-12), 1));
    return Math.min(Math.max(1 + Math.log10(size / run.gradientScale) / GRADIENT_DECADES, 0), 1);
}

function drawEdges(context, columns, run, frame, state, theme) {
    const { shows } = state;
    const focus = state.over ?? state.shown;
    const names = shows === "gradients" ? ["gradients", "gradient_scale"] : ["weights", "scale"];
    const [values, scales] = names.map((name) => run.array(frame, name));
    const touches = (number, node) => focus?.number === number && focus.unit === node.unit;
    context.lineCap = "round";
    forEdges(columns, (edge) => {
        const value = (values[edge.place] / 32767) * scales[edge.pair];
        const share = edgeShare(run, value, shows);
        const isPicked = state.edge?.place === edge.place;
        const isNear = isPicked || !focus || touches(edge.left, edge.from) || touches(edge.right, edge.to);
        tracePath(context, edge);
        context.lineWidth = (isPicked ? 1.5 : 0) + 0.4 + 4.6 * share;
        context.globalAlpha = isPicked ? 1 : (isNear ? 0.3 + 0.7 * share : 0.08) * (share > 0 ? 1 : 0.3);
        context.strokeStyle = isPicked ? theme.accent : css(value < 0 ? theme.low : theme.high);
        context.stroke();
        // What flows back is marked by its direction: a point that runs from the output towards the input.
        if (shows === "gradients" && share > 0.25 && isNear) drawFlow(context, edge, share, state.flow ?? 0.5, theme);
    });
    context.globalAlpha = 1;
}

function tracePath(context, { from, to, a, b }) {
    context.beginPath();
    context.moveTo(a, from.y);
    context.bezierCurveTo((a + b) / 2, from.y, (a + b) / 2, to.y, b, to.y);
}

// A place along an edge, 0 at its left end and 1 at its right end.
function alongEdge({ from, to, a, b }, t) {
    const s = 1 - t;
    const middle = (a + b) / 2;
    return {
        x: s ** 3 * a + 3 * s * s * t * middle + 3 * s * t * t * middle + t ** 3 * b,
        y: (s ** 3 + 3 * s * s * t) * from.y + (3 * s * t * t + t ** 3) * to.y,
    };
}

function drawFlow(context, edge, share, flow, theme) {
    const { x, y } = alongEdge(edge, 1 - flow);
    context.beginPath();
    context.arc(x, y, 0.8 + 2 * share, 0, 2 * Math.PI);
    context.globalAlpha = 0.9;
    context.fillStyle = css(theme.text);
    context.fill();
}

// The edge under a place of the canvas, or null.
function edgeAt(columns, x, y) {
    let found = null;
    let best = NEAR;
    forEdges(columns, (edge) => {
        if (x < edge.a || x > edge.b) return;
        const t = (x - edge.a) / Math.max(edge.b - edge.a, 1);
        for (const near of [t - 0.06, t, t + 0.06]) {
            const at = alongEdge(edge, Math.min(Math.max(near, 0), 1));
            const away = Math.hypot(at.x - x, at.y - y);
            if (away < best) [best, found] = [away, edge];
        }
    });
    return found;
}
