// One film's place in the player: its canvases, their captions and one sentence; must not know the clock.

class View {
    constructor(film, player, isOneOfTwo) {
        this.film = film;
        this.player = player;
        const { facts } = film;
        this.hasPlane = facts.kind !== "none";
        const box = made("section", "replay-film", player.filmBox);
        if (isOneOfTwo) made("div", "replay-title", box, { textContent: film.title }).style.borderColor = film.colour;
        const top = made("div", "replay-top", box);
        top.dataset.plane = String(this.hasPlane || film.tiles().size > 0);
        if (top.dataset.plane === "true") this.buildPlane(top);
        [this.graph, this.graphWords] = this.canvas(top, "replay-graph", "Network", "every unit and its weights: blue negative, orange positive");
        this.listen();
        const low = made("div", "replay-low", box);
        [this.weights] = this.canvas(low, "replay-weights", "Weights", "how many weights of each layer have which value");
        [this.gradients] = this.canvas(low, "replay-gradients", "Gradient sizes", "magnitudes of each layer's gradient, logarithmic");
        [this.profile] = this.canvas(low, "replay-profile", "Gradient norm by layer", "input side left, output right, logarithmic");
        this.sentence = made("p", "replay-sentence", box);
    }

    canvas(parent, name, title, explained) {
        const figure = made("figure", name, parent);
        const caption = made("figcaption", "", figure);
        made("b", "", caption, { textContent: title, title: explained });
        const words = made("span", "replay-words", caption);
        const canvas = made("canvas", "", figure);
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${title}: ${explained}`);
        return [canvas, words, caption];
    }

    buildPlane(top) {
        const { facts } = this.film;
        const title = { classes: "Decision boundary", values: "What it says", curve: "Fitted curve", none: "Weights over the pixels" };
        let caption;
        [this.plane, , caption] = this.canvas(top, "replay-plane", title[facts.kind], "what the network says over its inputs");
        if (this.hasPlane) {
            const ring = facts.kind === "classes" ? "  ◯ wrong" : "";
            const words = `● training  ${facts.kind === "curve" ? "■" : "◆"} validation${ring}`;
            made("div", "replay-legend replay-words", this.plane.parentElement, { textContent: words });
        }
        this.choice = made("select", "replay-choice", caption, { title: "What the big picture shows" });
        this.choice.setAttribute("aria-label", "What the big picture shows");
        if (this.hasPlane) made("option", "", this.choice, { value: "", textContent: "output" });
        for (const layer of facts.layers) {
            if (!this.film.tile(0, layer.number, 0)) continue;
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
        const found = (event) => unitAt(this.film, this.graph.clientWidth, event.offsetX, event.offsetY);
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
            const isOutput = unit.number === this.film.facts.layers.at(-1).number;
            if (isOutput && this.hasPlane && this.film.facts.layers.at(-1).size === 1) this.player.choose(null);
            else if (this.has(unit)) this.player.choose(unit);
        };
    }

    has({ number: layer, unit }) {
        const found = this.film.facts.layers.find((each) => each.number === layer);
        return Boolean(found && this.film.tile(0, layer, 0)) && unit < found.shown;
    }

    draw(place, state, theme) {
        const { film } = this;
        const shown = state.shown && this.has(state.shown) ? state.shown : null;
        if (this.plane) {
            if (this.hasPlane) drawPlane(this.plane, film, place, shown, theme);
            else drawPixels(this.plane, film.tile(place, 1, shown?.unit ?? 0), theme);
            this.choice.value = shown ? `${shown.number}:${shown.unit}` : this.hasPlane ? "" : "1:0";
        }
        drawGraph(this.graph, film, place, { ...state, shown }, theme);
        this.graphWords.textContent = state.over && this.knows(state.over) ? unitWords(film, place, state.over) : "";
        drawHistograms(this.weights, film, place, "weight_counts", theme);
        drawHistograms(this.gradients, film, place, "gradient_counts", theme);
        drawProfile(this.profile, film, place, theme);
        this.sentence.textContent = this.told(place);
    }

    knows({ number: layer, unit }) {
        return this.film.facts.layers.some((each) => each.number === layer && unit < each.shown);
    }

    told(place) {
        const { facts } = this.film;
        const [trainLoss, trainScore, valLoss, valScore] = this.film.array(place, "measures");
        const isShare = facts.score === "accuracy";
        const score = (value) => (isShare ? `${(100 * value).toFixed(1)} %` : number(value));
        const parts = [
            `Loss ${number(trainLoss)} in training, ${number(valLoss)} in validation; ${isShare ? "accuracy" : "R²"} ${score(trainScore)} and ${score(valScore)}.`,
        ];
        if (facts.kind === "classes") parts.push(this.countMissed(place));
        const norms = this.film.array(place, "profile");
        const [first, last] = [norms[0], norms.at(-1)];
        if (norms.length > 1 && last > 0 && isFinite(first / last)) {
            parts.push(`The gradient of layer 1 is ${number(first / last, 2)} times that of the output layer.`);
        }
        return parts.join(" ");
    }

    countMissed(place) {
        const missed = this.film.missed(place);
        let index = 0;
        const words = this.film.facts.points.map(({ split, targets }) => {
            let count = 0;
            for (let i = 0; i < targets.length; i += 1, index += 1) count += missed(index);
            return `${count} of ${targets.length} ${split}`;
        });
        return `Ringed, on the wrong side: ${words.join(" and ")} points.`;
    }
}
