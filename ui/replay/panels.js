// The panels that both the replay and the stage are made of: graph, large picture, histograms.

function panel(parent, name, title, explained) {
    const figure = made("figure", `panel ${name}`, parent);
    const caption = made("figcaption", "", figure);
    made("b", "", caption, { textContent: title, title: explained });
    return { figure, caption };
}

function canvasIn(figure, title, explained) {
    const canvas = made("canvas", "", figure);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title}: ${explained}`);
    return canvas;
}

// What can be seen of a unit at all: a picture of its own.
function hasPicture(run, { number: layer, unit }) {
    const found = run.facts.layers.find((each) => each.number === layer);
    return Boolean(found && run.tile(0, layer, 0)) && unit < found.shown;
}

const NETWORK_SHOWS = { weights: "units and weights: blue is negative, orange is positive" };

class NetworkPanel {
    // `owner` has the state that panels share (`shown`, `over`, `edge`, `shows`), `draw()` and `choose(unit)`.
    constructor(parent, run, owner) {
        Object.assign(this, { run, owner });
        const { figure, caption } = panel(parent, "replay-graph", "Network", NETWORK_SHOWS.weights);
        this.figure = figure;
        this.caption = caption;
        this.note = made("span", "replay-note", caption);
        this.shows = made("select", "replay-shows", caption, { title: "What the lines of the network show" });
        this.shows.setAttribute("aria-label", "What the lines of the network show");
        made("option", "", this.shows, { value: "weights", textContent: "weights" });
        made("option", "", this.shows, { value: "gradients", textContent: "gradients" });
        this.shows.onchange = () => {
            owner.state.shows = this.shows.value;
            owner.draw();
        };
        this.canvas = canvasIn(figure, "Network", NETWORK_SHOWS.weights);
        this.listen();
    }

    columns() {
        return graphLayout(this.run, this.canvas.clientWidth, this.canvas.clientHeight);
    }

    listen() {
        const { canvas, owner } = this;
        canvas.onpointermove = (event) => {
            const columns = this.columns();
            const over = unitAt(columns, event.offsetX, event.offsetY);
            const near = over ? null : edgeAt(columns, event.offsetX, event.offsetY);
            const { state } = owner;
            if (over?.number === state.over?.number && over?.unit === state.over?.unit && near?.place === this.near?.place) return;
            [state.over, this.near] = [over, near];
            canvas.style.cursor = (over && hasPicture(this.run, over)) || near ? "pointer" : "default";
            owner.draw();
        };
        canvas.onpointerleave = () => {
            [owner.state.over, this.near] = [null, null];
            owner.draw();
        };
        canvas.onclick = (event) => {
            const columns = this.columns();
            const unit = unitAt(columns, event.offsetX, event.offsetY);
            const edge = unit ? null : edgeAt(columns, event.offsetX, event.offsetY);
            if (edge || owner.state.edge) owner.pick?.(edge);
            if (!unit) return;
            const last = this.run.facts.layers.at(-1);
            if (unit.number === last.number && this.run.facts.kind !== "none" && last.size === 1) owner.choose(null);
            else if (hasPicture(this.run, unit)) owner.choose(unit);
        };
    }

    draw(frame, state, theme) {
        this.shows.value = state.shows;
        drawGraph(this.canvas, this.run, frame, state, theme);
        this.note.textContent = this.describe(frame, state);
    }

    describe(frame, state) {
        const isHere = ({ number: layer, unit }) => this.run.facts.layers.some((each) => each.number === layer && unit < each.shown);
        if (state.over && isHere(state.over)) return describeUnit(this.run, frame, state.over);
        const edge = this.near ?? state.edge;
        if (edge) return describeEdge(this.run, frame, edge);
        if (state.shows !== "gradients") return "";
        return this.run.gradientScale > 0 ? "each thinner by a fifth: ten times smaller" : "every gradient is 0";
    }
}

function describeEdge(run, frame, edge) {
    const from = nameOfUnit(run, { number: edge.left, unit: edge.from.unit });
    const to = nameOfUnit(run, { number: edge.right, unit: edge.to.unit });
    const [weight, gradient] = ["weights", "gradients"].map((shows) => number(edgeValue(run, frame, edge, shows)));
    return `${from} to ${to}: weight ${weight}, gradient ${gradient}`;
}

const PLANE_TITLES = { classes: "Decision boundary", values: "Predicted surface", curve: "Fitted curve" };
const OUTCOME_TITLES = { confusion: "Confusion", predictions: "Predicted against true" };

// The large picture: the output over the inputs, or what becomes of the validation rows, or one unit's picture.
class PicturePanel {
    constructor(parent, run, owner) {
        Object.assign(this, { run, owner });
        const { facts } = run;
        this.hasPlane = facts.kind !== "none";
        this.hasOutput = this.hasPlane || Boolean(facts.outcome);
        const title = PLANE_TITLES[facts.kind] ?? OUTCOME_TITLES[facts.outcome] ?? "Weights over the pixels";
        const explained = this.hasPlane ? "output of the network over its inputs" : "what becomes of the validation rows";
        const { figure, caption } = panel(parent, "replay-plane", title, explained);
        this.figure = figure;
        this.choice = made("select", "replay-choice", caption, { title: "Picture shown" });
        this.choice.setAttribute("aria-label", "Picture shown");
        this.fillChoice();
        this.canvas = canvasIn(figure, title, explained);
        this.legend = made("div", "replay-legend replay-note", figure);
    }

    fillChoice() {
        const { run, choice } = this;
        if (this.hasOutput) made("option", "", choice, { value: "", textContent: "output" });
        for (const layer of run.facts.layers) {
            if (!run.tile(0, layer.number, 0)) continue;
            for (let unit = 0; unit < layer.shown; unit += 1) {
                if (layer.number === run.facts.layers.at(-1).number && layer.size === 1) continue;
                const textContent = nameOfUnit(run, { number: layer.number, unit });
                made("option", "", choice, { value: `${layer.number}:${unit}`, textContent });
            }
        }
        choice.hidden = choice.options.length < 2;
        choice.onchange = () => {
            const [layer, unit] = choice.value.split(":").map(Number);
            this.owner.state.shown = choice.value ? { number: layer, unit } : null;
            this.owner.draw();
        };
    }

    draw(frame, state, theme) {
        const { run } = this;
        const shown = state.shown && hasPicture(run, state.shown) ? state.shown : null;
        const isPixels = shown && run.tile(frame, shown.number, shown.unit).tells === "weights";
        if (isPixels) drawPixels(this.canvas, run.tile(frame, shown.number, shown.unit), theme);
        else if (this.hasPlane) drawPlane(this.canvas, run, frame, shown, theme);
        else drawOutcome(this.canvas, run, frame, theme);
        this.choice.value = shown ? `${shown.number}:${shown.unit}` : "";
        this.legend.textContent = this.describe(frame, shown, isPixels);
    }

    describe(frame, shown, isPixels) {
        const { facts } = this.run;
        if (shown) return isPixels ? `${describeUnit(this.run, frame, shown)}; weights over the pixels` : describeUnit(this.run, frame, shown);
        if (!this.hasPlane) return describeOutcome(this.run, frame);
        const ring = facts.kind === "classes" ? "  ◯ misclassified" : "";
        return `● training  ${facts.kind === "curve" ? "■" : "◆"} validation${ring}`;
    }
}

// Histograms of weights and gradients, and the gradient's way through the layers.
class DetailPanels {
    constructor(parent, run) {
        this.run = run;
        const add = (name, title, explained) => canvasIn(panel(parent, name, title, explained).figure, title, explained);
        this.weights = add("replay-weights", "Weights", "histogram of the weights of each layer");
        this.gradients = add("replay-gradients", "Gradient magnitudes", "histogram of each layer's gradient elements, logarithmic");
        this.profile = add("replay-profile", "Gradient norm by layer", "input side on the left, output on the right, logarithmic");
    }

    draw(frame, theme) {
        drawHistograms(this.weights, this.run, frame, "weight_counts", theme);
        drawHistograms(this.gradients, this.run, frame, "gradient_counts", theme);
        drawProfile(this.profile, this.run, frame, theme);
    }
}
