// The network of a step as a graph: values forward, errors backward, edges as wide as what flows through them.

const MICRO_HEAD = 30;
const MICRO_FOOT = 26;
const READABLE = 15;

// What a list of `[call, kind, values]` shows once `at` calls have run, or null.
function shownAt(shows, kind, at) {
    let found = null;
    for (const [call, its, values] of shows) if (its === kind && call <= at) found = values;
    return found;
}

function microLayout(step, width, height) {
    const { units, facts } = step;
    const most = Math.max(...units.map((layer) => layer.drawn.length));
    const room = height - MICRO_HEAD - MICRO_FOOT;
    const apart = width / units.length;
    const radius = Math.max(4, Math.min(27, room / most / 2 - 3, apart * 0.3));
    const pitch = Math.min(2 * radius + 22, room / most);
    const left = radius + 14 + 6 * Math.min(Math.max(0, ...facts.inputs.map((name) => name.length)), 9);
    const right = radius + (facts.outputs.length > 1 || facts.rows === 1 ? 74 : 22);
    return units.map((layer, number) => {
        const x = left + (number / (units.length - 1)) * (width - left - right);
        const first = MICRO_HEAD + room / 2 - ((layer.drawn.length - 1) / 2) * pitch;
        return { number, x, radius, nodes: layer.drawn.map((unit, place) => ({ unit, place, x, y: first + place * pitch })) };
    });
}

// What the call that is shown writes: which layer, and whether units or weights.
function focusOf(call) {
    const name = call.writes[0]?.name ?? "";
    const [, kind, layer] = name.match(/^(d?[^\d']+?)(\d+)'*$/) ?? [];
    const ofWeights = kind === "dW" || kind === "db";
    return { layer: layer ? Number(layer) : call.layer, ofWeights, sums: kind === "z", carries: ["da", "dd", "dh"].includes(kind), isUpdate: call.phase === "update" };
}

class MicroGraph {
    constructor(parent, microscope) {
        this.microscope = microscope;
        const { figure, caption } = microPanel(parent, "micro-network", "Network");
        Object.assign(this, { figure, note: made("span", "replay-note", caption) });
        this.canvas = made("canvas", "", figure, { tabIndex: -1 });
        this.canvas.setAttribute("role", "img");
        this.canvas.onclick = (event) => this.click(event);
        this.canvas.onpointermove = (event) => this.point(event);
        this.canvas.onpointerleave = () => this.setOver(null);
    }

    place(event) {
        const box = this.canvas.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    }

    click(event) {
        const edge = this.edgeAt(...this.place(event));
        if (edge) this.microscope.pick({ layer: edge.layer, unit: edge.to.unit + 1, input: edge.from.unit + 1 });
    }

    point(event) {
        const edge = this.edgeAt(...this.place(event));
        this.setOver(edge);
        this.canvas.style.cursor = edge ? "pointer" : "";
    }

    setOver(edge) {
        const key = edge && `${edge.layer} ${edge.to.unit} ${edge.from.unit}`;
        if (key === this.overKey) return;
        this.overKey = key;
        this.over = edge;
        this.microscope.draw();
    }

    each(act) {
        for (let i = 0; i + 1 < this.columns.length; i += 1) {
            const [left, right] = [this.columns[i], this.columns[i + 1]];
            for (const to of right.nodes) for (const from of left.nodes) act({ layer: i + 1, to, from, a: from.x + left.radius, b: to.x - right.radius });
        }
    }

    edgeAt(x, y) {
        if (!this.columns) return null;
        let [found, best] = [null, 7];
        this.each((edge) => {
            if (x < edge.a || x > edge.b) return;
            const share = (x - edge.a) / (edge.b - edge.a);
            const away = Math.abs(edge.from.y + share * (edge.to.y - edge.from.y) - y);
            if (away < best) [found, best] = [edge, away];
        });
        return found;
    }

    draw(step, at, picked, theme) {
        const fitted = surface(this.canvas, theme);
        if (!fitted) return;
        const { context, width, height } = fitted;
        const call = step.calls[at];
        const focus = focusOf(call);
        this.columns = microLayout(step, width, height);
        this.drawEdges(context, step, at, focus, picked, theme);
        for (const column of this.columns) {
            this.drawHead(context, step, column, theme, height);
            for (const node of column.nodes) this.drawUnit(context, step, at, column, node, focus, theme);
        }
        this.note.textContent = this.words(step, at);
        this.canvas.setAttribute("aria-label", `Network at call ${at + 1}: ${call.label}`);
    }

    words(step, at) {
        if (this.over) {
            const { layer, to, from } = this.over;
            const { weights, gradient } = step.edges[layer - 1];
            const isKnown = step.calls.slice(0, at + 1).some((call) => call.writes.some(({ name }) => name === `dW${layer}`));
            const known = isKnown ? `, gradient ${micro(gradient[to.place][from.place])}` : "";
            return `W${layer}[${to.unit + 1},${from.unit + 1}] = ${micro(weights[to.place][from.place])}${known} · click to see its chain rule`;
        }
        const of = step.facts.rows === 1 ? "" : `, means over ${step.facts.rows} rows`;
        return `value, in red how the loss changes with it${of}; a red edge is as wide as what flows back through it`;
    }

    drawEdges(context, step, at, focus, picked, theme) {
        const name = at === step.calls.length - 1 ? "after" : "weights";
        const sizes = step.edges.flatMap((each) => each[name].flat()).map((value) => Math.abs(value ?? 0));
        const most = Math.max(...sizes, 1e-12);
        const flows = step.edges.slice(1).flatMap((each) => each.flow.flat()).map((value) => value ?? 0);
        const strongest = Math.max(...flows, 0);
        this.each(({ layer, to, from, a, b }) => {
            const edges = step.edges[layer - 1];
            const value = edges[name][to.place][from.place] ?? 0;
            const flow = layer > 1 && shownAt(step.units[layer - 1].shows, "error", at) ? edges.flow[to.place][from.place] : null;
            const isPicked = picked && picked.layer === layer && picked.unit === to.unit + 1 && picked.input === from.unit + 1;
            const isOver = this.over && this.over.layer === layer && this.over.to.unit === to.unit && this.over.from.unit === from.unit;
            const isNow = focus.layer === layer && (focus.sums || focus.ofWeights) || (focus.carries && focus.layer === layer - 1);
            context.beginPath();
            context.moveTo(a, from.y);
            context.lineTo(b, to.y);
            context.lineCap = "round";
            if (flow !== null && strongest > 0) {
                context.strokeStyle = css(theme.wrong);
                context.lineWidth = 0.5 + 6.5 * Math.sqrt(flow / strongest);
                context.globalAlpha = (isNow ? 0.35 : 0.2) + 0.6 * Math.sqrt(flow / strongest);
            } else {
                context.strokeStyle = css(value < 0 ? theme.low : theme.high);
                context.lineWidth = 0.5 + 3.5 * Math.sqrt(Math.abs(value) / most);
                context.globalAlpha = isNow || focus.isUpdate ? 0.95 : 0.35;
            }
            context.stroke();
            if (isPicked || isOver) {
                context.strokeStyle = theme.accent;
                context.lineWidth = isPicked ? 3 : 2;
                context.globalAlpha = 1;
                context.stroke();
            }
        });
        context.globalAlpha = 1;
    }

    drawHead(context, step, { number, x, nodes, radius }, theme, height) {
        const { layers } = step.facts;
        const last = layers.length - 1;
        const isNarrow = this.columns.length > 1 && this.columns[1].x - this.columns[0].x < 74;
        const name = number === 0 ? "input" : number === last ? "output" : isNarrow ? String(number) : `layer ${number}`;
        write(context, name, x, 12, { colour: css(theme.text), align: "center", weight: "600", font: theme.font });
        const missing = layers[number].units - nodes.length;
        const activation = number > 0 && number < last && !isNarrow ? layers[number].activation : "";
        const below = missing > 0 ? `${nodes.length} of ${layers[number].units}` : activation;
        write(context, below, x, height - 10, { colour: css(theme.quiet), align: "center", size: 10, font: theme.font });
    }

    drawUnit(context, step, at, column, { unit, place, x, y }, focus, theme) {
        const { number, radius } = column;
        const { shows } = step.units[number];
        const value = shownAt(shows, "value", at)?.[place];
        const error = shownAt(shows, "error", at)?.[place];
        const isNow = focus.layer === number && !focus.ofWeights && !focus.isUpdate && number > 0;
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        const share = value === undefined || value === null ? 0 : Math.tanh(value);
        context.fillStyle = value === undefined ? css(theme.page) : css(mixed(theme.page, share < 0 ? theme.low : theme.high, 0.34 * Math.abs(share)));
        context.fill();
        context.lineWidth = isNow ? 2.5 : 1.2;
        context.strokeStyle = isNow ? theme.accent : css(mixed(theme.page, theme.text, 0.45));
        context.stroke();
        const isWide = radius >= READABLE;
        const hasError = error !== undefined && error !== null;
        const size = radius > 22 ? 12 : radius > 12 ? 10 : 9;
        if (value !== undefined && radius >= 11 && (isWide || !hasError)) {
            context.font = `600 ${size}px ${theme.font}`;
            write(context, tiny(context, value, 2 * radius - 3), x, hasError && isWide ? y - 6 : y, { colour: css(theme.text), align: "center", weight: "600", size, font: theme.font });
        }
        if (hasError && radius >= 11) {
            context.font = `600 ${size - 1}px ${theme.font}`;
            write(context, tiny(context, error, 2 * radius - 3), x, isWide ? y + 8 : y, { colour: css(theme.wrong), align: "center", weight: "600", size: size - 1, font: theme.font });
        }
        this.drawNames(context, step, at, number, unit, x, y, radius, theme);
    }

    drawNames(context, { facts }, at, number, unit, x, y, radius, theme) {
        const style = { colour: css(theme.quiet), size: 10.5, font: theme.font };
        if (number === 0) return write(context, cutTo(facts.inputs[unit] ?? "", 9), x - radius - 6, y, { ...style, align: "right" });
        if (number !== facts.layers.length - 1) return;
        const isOne = facts.rows === 1;
        const isKnown = isOne && facts.predicted[unit] !== undefined && this.microscope.step.calls[at].phase !== "forward";
        const predicted = isKnown ? `predicts ${micro(facts.predicted[unit], 2)}` : "";
        const several = facts.outputs.length > 1;
        const lines = several
            ? [`${cutTo(facts.outputs[unit] ?? "", 8)}${isKnown ? `: ${micro(facts.predicted[unit], 2)}` : ""}${isOne && facts.target[unit] > 0.5 ? " ◀" : ""}`]
            : [predicted, isOne ? `target ${micro(facts.target[0])}` : ""].filter(Boolean);
        lines.forEach((line, place) => {
            const isTarget = several && isOne && facts.target[unit] > 0.5;
            write(context, line, x + radius + 6, y + 13 * (place - (lines.length - 1) / 2), { ...style, align: "left", weight: isTarget ? "700" : "" });
        });
    }
}

const cutTo = (text, limit) => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text);

// As `number`, with as many digits for very small and very large ones.
function micro(value, digits = 3) {
    if (value === null || value === undefined || !isFinite(value)) return "not finite";
    const size = Math.abs(value);
    return value !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(digits - 1) : number(value, digits);
}

// A number that fits into a circle.
function tiny(context, value, room) {
    const full = micro(value, 2).replace(/^(-?)0\./, "$1.");
    if (full === "not finite") return "∞";
    return context.measureText(full).width <= room ? full : value.toExponential(0).replace("e-0", "0").replace("e+", "e");
}
