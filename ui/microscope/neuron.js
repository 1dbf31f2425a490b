// The worked neuron: drawn with every number at its place, and its four phases in letters and in numbers.

const NEURON_SECONDS = 0.7;
const PLAY_SECONDS = 0.9;
const neurons = new WeakMap();
// How far somebody was with some values: the picture may be taken off the page and put there again.
const stepsHeld = new Map();
const FIELDS = [
    ["x", "input x"],
    ["w", "weight w"],
    ["b", "bias b"],
    ["y", "target y"],
    ["rate", "learning rate (rate)"],
];

// The four phases at one step: formula in letters, and the same with the numbers filled in.
function phasesAt({ values, steps }, at) {
    const step = steps[at];
    const { activation } = values;
    const isPlain = activation === "identity";
    const [x, w, b, y, rate] = [values.x, step.w, values.b, values.y, values.rate].map(inFull);
    const [z, p, loss, error, slope, gradient, next] = ["z", "prediction", "loss", "error", "slope", "gradient", "w_new"].map((name) => inFull(step[name]));
    const sum = `${w} · ${x}${values.b ? ` ${plus(b)}` : ""}`;
    const letters = values.b ? "w x + b" : "w x";
    const lines = {
        forward: isPlain ? [[`p = ${letters}`, `p = ${sum} = ${p}`]] : [[`z = ${letters}`, `z = ${sum} = ${z}`], [`p = ${activation}(z)`, `p = ${activation}(${z}) = ${p}`]],
        loss: [["L = (p − y)²", `L = (${p} ${minus(y)})² = ${loss}`]],
        backward: [
            ["dL/dp = 2 (p − y)", `dL/dp = 2 · (${p} ${minus(y)}) = ${error}`],
            ...(isPlain ? [] : [[`dp/dz = ${activation}′(z)`, `dp/dz = ${activation}′(${z}) = ${slope}`]]),
            isPlain ? ["dL/dw = dL/dp · x", `dL/dw = ${error} · ${x} = ${gradient}`] : ["dL/dw = dL/dp · dp/dz · x", `dL/dw = ${error} · ${slope} · ${x} = ${gradient}`],
        ],
        update: [["w ← w − rate · dL/dw", `w = ${w} − ${rate} · ${bracketed(gradient)} = ${next}`]],
    };
    return PHASES.map(([phase, title, words]) => ({ title, words, lines: lines[phase] }));
}

// So many digits that whoever computes with what is written gets what is written.
const inFull = (value) => {
    const size = Math.abs(value);
    if (!isFinite(value)) return "not finite";
    return value !== 0 && (size >= 1e7 || size < 1e-4) ? value.toExponential(5) : String(Number(value.toPrecision(7)));
};
const bracketed = (text) => (text.startsWith("-") ? `(${text})` : text);
const plus = (text) => (text.startsWith("-") ? `− ${text.slice(1)}` : `+ ${text}`);
const minus = (text) => (text.startsWith("-") ? `+ ${text.slice(1)}` : `− ${text}`);

class NeuronView {
    // Its `send(name, value)`, set from outside, takes something to the server.
    constructor(root) {
        Object.assign(this, { root, at: 0, timer: null, header: null });
        root.replaceChildren();
        this.inbox = new Inbox("neuron", (message) => this.absorb(message));
        this.buildBar();
        const grid = made("div", "neuron-grid", root);
        this.drawing = made("canvas", "", panelOf(grid, "neuron-drawing", "The neuron"));
        this.curve = made("canvas", "", panelOf(grid, "neuron-curve", "Loss over the weight"));
        for (const canvas of [this.drawing, this.curve]) canvas.setAttribute("role", "img");
        this.phases = made("div", "neuron-phases", root);
        this.sentence = made("p", "neuron-sentence", root);
        this.past = made("div", "neuron-past", root);
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(root);
        this.watch = setInterval(() => this.header && root.isConnected && themeOf(root, this.header.colours).key !== this.themeKey && this.draw(), 1000 * NEURON_SECONDS);
    }

    buildBar() {
        const bar = made("div", "neuron-bar", this.root);
        const button = (name, text, act, title) => made("button", `replay-button ${name}`, bar, { type: "button", textContent: text, onclick: act, title });
        this.stepButton = button("replay-play neuron-step", "Step", () => this.go(this.at + 1), "Makes the update: the new weight takes the place of the old one");
        this.backButton = button("neuron-back", "Back", () => this.go(this.at - 1), "The step before");
        this.playButton = button("neuron-play", "Play", () => this.toggle(), "Makes one step after the other");
        this.startButton = button("neuron-start", "Start again", () => this.go(0), "Back to the first weight");
        this.label = made("output", "neuron-label", bar);
        this.inputs = Object.fromEntries(FIELDS.map(([name, title]) => [name, this.field(bar, name, title)]));
        const label = made("label", "neuron-field", bar, { textContent: "activation" });
        this.activation = made("select", "", label, { onchange: () => this.change() });
        this.refused = made("p", "neuron-refused", this.root);
    }

    field(bar, name, title) {
        const label = made("label", "neuron-field", bar, { textContent: title });
        const input = made("input", "", label, { type: "text", inputMode: "decimal", name });
        input.onchange = () => this.change();
        return input;
    }

    change() {
        const values = Object.fromEntries(FIELDS.map(([name]) => [name, this.inputs[name].value.trim().replace(",", ".").replace("−", "-")]));
        this.send("values", { ...values, activation: this.activation.value });
    }

    async absorb({ header }) {
        const isSame = this.header?.identity === header.identity;
        this.header = header;
        if (!isSame) {
            this.pause();
            this.at = stepsHeld.get(header.identity) ?? 0;
            this.offer();
        }
        this.draw();
        return true;
    }

    offer() {
        const { values, activations } = this.header;
        const isFixed = activations.length === 0;
        for (const [name] of FIELDS) Object.assign(this.inputs[name], { value: String(values[name]), disabled: isFixed });
        this.activation.replaceChildren();
        for (const name of isFixed ? [values.activation] : activations) made("option", "", this.activation, { value: name, textContent: name === "identity" ? "none" : name });
        Object.assign(this.activation, { value: values.activation, disabled: isFixed });
    }

    go(at) {
        this.pause();
        this.at = Math.min(Math.max(at, 0), this.header.steps.length - 1);
        this.draw();
    }

    toggle() {
        if (this.timer) this.pause();
        else {
            if (this.at >= this.header.steps.length - 1) this.at = 0;
            const tick = () => {
                if (this.at >= this.header.steps.length - 1) this.pause();
                else this.at += 1;
                this.draw();
            };
            this.timer = setInterval(tick, 1000 * PLAY_SECONDS);
        }
        this.draw();
    }

    pause() {
        clearInterval(this.timer);
        this.timer = null;
    }

    draw() {
        const { header, at, root } = this;
        if (!header) return;
        const theme = themeOf(root, header.colours);
        this.themeKey = theme.key;
        stepsHeld.set(header.identity, at);
        const last = header.steps.length - 1;
        this.stepButton.disabled = at >= last;
        this.backButton.disabled = at === 0;
        this.playButton.textContent = this.timer ? "Pause" : "Play";
        const end = at === last ? ", the last that are computed" : "";
        this.label.value = at === 0 ? "before the first step" : `after ${at} ${at === 1 ? "step" : "steps"}${end}`;
        drawNeuron(this.drawing, header, at, theme);
        drawCurve(this.curve, header, at, theme);
        this.drawPhases(header, at);
        this.sentence.textContent = header.sentence;
        this.refused.textContent = header.refused;
        for (const [name] of FIELDS) this.inputs[name].setAttribute("aria-invalid", String(header.refused.startsWith(`${name} `)));
        this.drawPast(header, at);
        const step = header.steps[at];
        Object.assign(root.dataset, { lines: header.values.activation === "identity" ? "2" : "3", steps: String(at), weight: String(step.w), loss: String(step.loss), gradient: String(step.gradient), next: String(step.w_new) });
    }

    drawPhases(header, at) {
        this.phases.replaceChildren();
        for (const { title, words, lines } of phasesAt(header, at)) {
            const box = made("section", "panel neuron-phase", this.phases);
            const head = made("div", "neuron-phase-head", box);
            made("b", "", head, { textContent: title });
            made("span", "", head, { textContent: words });
            for (const [letters, numbers] of lines) {
                made("div", "neuron-letters", box, { textContent: letters });
                made("div", "neuron-numbers", box, { textContent: numbers });
            }
        }
    }

    drawPast({ steps }, at) {
        this.past.replaceChildren();
        const table = made("table", "", this.past);
        const head = made("tr", "", table);
        for (const title of ["step", "weight", "prediction", "loss", "gradient", "new weight"]) made("th", "", head, { textContent: title, scope: "col" });
        const first = Math.max(0, at - 5);
        steps.slice(first, Math.max(at + 1, first + 1)).forEach((step, place) => {
            const line = made("tr", "", table);
            line.setAttribute("aria-current", String(first + place === at));
            for (const value of [first + place + 1, step.w, step.prediction, step.loss, step.gradient, step.w_new]) made("td", "", line, { textContent: inFull(value) });
        });
    }

    leave() {
        this.pause();
        clearInterval(this.watch);
        this.observer.disconnect();
    }
}

function panelOf(parent, name, title) {
    const figure = made("section", `panel ${name}`, parent);
    made("b", "neuron-title", figure, { textContent: title });
    return figure;
}

// From left to right: input, weight, sum and bias, activation, prediction, target and loss; below, what goes back.
function drawNeuron(canvas, header, at, theme) {
    const fitted = surface(canvas, theme);
    if (!fitted) return;
    const { context, width, height } = fitted;
    const { values, steps } = header;
    const step = steps[at];
    const isPlain = values.activation === "identity";
    const ends = [["prediction p", step.prediction], ["loss L", step.loss]];
    const columns = [["input x", values.x], ...(isPlain ? [] : [["sum z", step.z]]), ...ends];
    const radius = Math.min(36, width / columns.length / 3.6, height / 6);
    const digits = width < 520 ? 3 : 4;
    const y = height * 0.45;
    const across = (place) => radius + 18 + (place / (columns.length - 1)) * (width - 2 * radius - 36);
    const forward = [`w = ${number(step.w, digits)}`, ...(isPlain ? [] : [values.activation]), `y = ${number(values.y, digits)}`];
    const back = [`dL/dw = ${number(step.gradient, digits)}`, ...(isPlain ? [] : [`slope ${number(step.slope, digits)}`]), `dL/dp = ${number(step.error, digits)}`];
    const font = theme.font;
    for (let i = 0; i + 1 < columns.length; i += 1) {
        const [a, b] = [across(i) + radius, across(i + 1) - radius];
        line(context, [[a, y], [b, y]], i === 0 ? theme.accent : css(theme.quiet), i === 0 ? 3 : 2);
        line(context, [[b - 7, y - 5], [b, y], [b - 7, y + 5]], i === 0 ? theme.accent : css(theme.quiet), 2);
        const middle = (a + b) / 2;
        write(context, forward[i], middle, y - 13, { colour: i === 0 ? theme.accent : css(theme.text), align: "center", weight: "600", size: 13, font });
        const low = y + radius + 26;
        line(context, [[across(i + 1), low], [across(i), low]], css(theme.wrong), 2);
        line(context, [[across(i) + 8, low - 5], [across(i), low], [across(i) + 8, low + 5]], css(theme.wrong), 2);
        write(context, back[i], middle, low + 15, { colour: css(theme.wrong), align: "center", weight: "600", size: 12.5, font });
    }
    columns.forEach(([title, value], place) => {
        context.beginPath();
        context.arc(across(place), y, radius, 0, 2 * Math.PI);
        context.fillStyle = css(theme.page);
        context.fill();
        context.lineWidth = 1.6;
        context.strokeStyle = css(mixed(theme.page, theme.text, 0.5));
        context.stroke();
        write(context, number(value, digits), across(place), y, { colour: css(theme.text), align: "center", weight: "700", size: Math.min(15, radius * 0.55), font });
        const align = place === 0 ? "left" : place === columns.length - 1 ? "right" : "center";
        const shift = place === 0 ? -radius : place === columns.length - 1 ? radius : 0;
        write(context, title, across(place) + shift, y - radius - 12, { colour: css(theme.quiet), align, size: 12, font });
    });
    if (values.b) write(context, `+ b = ${number(values.b, 4)}`, across(1), y + radius + 11, { colour: css(theme.quiet), align: "center", size: 11.5, font });
    canvas.setAttribute("aria-label", `The neuron predicts ${number(step.prediction)}, the target is ${number(values.y)}, the gradient of the weight is ${number(step.gradient)}`);
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".neuron");
    if (!neurons.has(root)) neurons.set(root, new NeuronView(root));
    const view = neurons.get(root);
    view.send = setTriggerValue;
    view.inbox.put(data, () => {});
    return () => {
        view.leave();
        neurons.delete(root);
    };
}
