// Shows one run in the player: its canvases, their captions and one sentence.

class View {
    constructor(run, player, isOneOfTwo) {
        this.run = run;
        this.player = player;
        const { facts } = run;
        this.hasPlane = facts.kind !== "none";
        const box = made("section", "replay-run", player.runBox);
        if (isOneOfTwo) made("div", "replay-title", box, { textContent: run.title }).style.borderColor = run.colour;
        const top = made("div", "replay-top", box);
        top.dataset.plane = String(this.hasPlane || run.tiles().size > 0);
        if (top.dataset.plane === "true") this.buildPlane(top);
        [this.graph, this.graphText] = this.canvas(top, "replay-graph", "Network", "units and weights: blue is negative, orange is positive");
        this.listen();
        const low = made("div", "replay-low", box);
        [this.weights] = this.canvas(low, "replay-weights", "Weights", "histogram of the weights of each layer");
        [this.gradients] = this.canvas(low, "replay-gradients", "Gradient magnitudes", "histogram of each layer's gradient elements, logarithmic");
        [this.profile] = this.canvas(low, "replay-profile", "Gradient norm by layer", "input side on the left, output on the right, logarithmic");
        this.sentence = made("p", "replay-sentence", box);
    }

    canvas(parent, name, title, explained) {
        const figure = made("figure", name, parent);
        const caption = made("figcaption", "", figure);
        made("b", "", caption, { textContent: title, title: explained });
        const note = made("span", "replay-note", caption);
        const canvas = made("canvas", "", figure);
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${title}: ${explained}`);
        return [canvas, note, caption];
    }

    buildPlane(top) {
        const { facts } = this.run;
        const title = { classes: "Decision boundary", values: "Predicted surface", curve: "Fitted curve", none: "Weights over the pixels" };
        let caption;
        [this.plane, , caption] = this.canvas(top, "replay-plane", title[facts.kind], "output of the network over its inputs");
        if (this.hasPlane) {
            const ring = facts.kind === "classes" ? "  ◯ misclassified" : "";
            const legend = `● training  ${facts.kind === "curve" ? "■" : "◆"} validation${ring}`;
            made("div", "replay-legend replay-note", this.plane.parentElement, { textContent: legend });
        }
        this.choice = made("select", "replay-choice", caption, { title: "Picture shown" });
        this.choice.setAttribute("aria-label", "Picture shown");
        if (this.hasPlane) made("option", "", this.choice, { value: "", textContent: "output" });
        for (const layer of facts.layers) {
            if (!this.run.tile(0, layer.number, 0)) continue;
            for (let unit = 0; unit < layer.shown; unit += 1) {
                const isOutput = layer.number === facts.layers.at(-1).number;
                if (isOutput && layer.size === 1) continue;
                const isInput = layer.number === 0;
                const name = isInput ? `input ${facts.names[unit]}` : isOutput ? `output ${unit + 1}` : `layer ${layer.number}, unit ${unit + 1}`;
                made("option", "", this.choice, { value: `${layer.number}:${unit}`, textContent: name });
            }
        }
        this.choice.onchange = () => {
            const [layer, unit] = this.choice.value.split(":").map(Number);
            this.player.state.shown = this.choice.value ? { number: layer, unit } : null;
            this.player.draw();
        };
    }

    listen() {
        const found = (event) => unitAt(this.run, this.graph.clientWidth, event.offsetX, event.offsetY);
        this.graph.onpointermove = (event) => {
            const over = found(event);
            const before = this.player.state.over;
            if (over?.number === before?.number && over?.unit === before?.unit) return;
            this.player.state.over = over;
            this.graph.style.cursor = over && this.has(over) ? "pointer" : "default";
            this.player.draw();
        };
        this.graph.onpointerleave = () => {
            this.player.state.over = null;
            this.player.draw();
        };
        this.graph.onclick = (event) => {
            const unit = found(event);
            if (!unit) return;
            const isOutput = unit.number === this.run.facts.layers.at(-1).number;
            if (isOutput && this.hasPlane && this.run.facts.layers.at(-1).size === 1) this.player.choose(null);
            else if (this.has(unit)) this.player.choose(unit);
        };
    }

    has({ number: layer, unit }) {
        const found = this.run.facts.layers.find((each) => each.number === layer);
        return Boolean(found && this.run.tile(0, layer, 0)) && unit < found.shown;
    }

    draw(place, state, theme) {
        const { run } = this;
        const shown = state.shown && this.has(state.shown) ? state.shown : null;
        if (this.plane) {
            if (this.hasPlane) drawPlane(this.plane, run, place, shown, theme);
            else drawPixels(this.plane, run.tile(place, 1, shown?.unit ?? 0), theme);
            this.choice.value = shown ? `${shown.number}:${shown.unit}` : this.hasPlane ? "" : "1:0";
        }
        drawGraph(this.graph, run, place, { ...state, shown }, theme);
        this.graphText.textContent = state.over && this.knows(state.over) ? describeUnit(run, place, state.over) : "";
        drawHistograms(this.weights, run, place, "weight_counts", theme);
        drawHistograms(this.gradients, run, place, "gradient_counts", theme);
        drawProfile(this.profile, run, place, theme);
        this.sentence.textContent = this.describe(place);
    }

    knows({ number: layer, unit }) {
        return this.run.facts.layers.some((each) => each.number === layer && unit < each.shown);
    }

    describe(place) {
        const { facts } = this.run;
        const [trainLoss, trainScore, valLoss, valScore] = this.run.array(place, "measures");
        const isShare = facts.score === "accuracy";
        const score = (value) => (isShare ? `${(100 * value).toFixed(1)} %` : number(value));
        const parts = [
            `Training loss ${number(trainLoss)}, validation loss ${number(valLoss)}; ${isShare ? "accuracy" : "R²"} ${score(trainScore)} and ${score(valScore)}.`,
        ];
        if (facts.kind === "classes") parts.push(this.countMissed(place));
        const norms = this.run.array(place, "profile");
        const [first, last] = [norms[0], norms.at(-1)];
        if (norms.length > 1 && last > 0 && isFinite(first / last)) {
            parts.push(`Gradient of layer 1: ${number(first / last, 2)} times that of the output layer.`);
        }
        return parts.join(" ");
    }

    countMissed(place) {
        const missed = this.run.missed(place);
        let index = 0;
        const counts = this.run.facts.points.map(({ split, targets }) => {
            let count = 0;
            for (let i = 0; i < targets.length; i += 1, index += 1) count += missed(index);
            return `${count} of ${targets.length} ${split}`;
        });
        return `Misclassified (ringed): ${counts.join(" and ")} points.`;
    }
}
