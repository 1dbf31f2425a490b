// Edits the network where it is drawn: units, layers, activations, single weights.

const ROOM_FOR_BUTTONS = 98;
const MOST_LAYERS = 200;
// Milliseconds for which an edit outweighs what the server still says of before.
const EDIT_HELD = 5000;
const EDIT_TOLD_AGAIN = 2000;
// What a network without hidden layers gets.
const FIRST_LAYER = { units: 4, activation: "tanh" };

class NetworkEditor {
    // `send(change)` takes `{layers: [...]}`, `{weight: {...}}` or `{explain: {...}}` to the server.
    // `edits.last` is what the server has not answered yet; it outlives the picture of one network.
    constructor(panel, send, edits) {
        Object.assign(this, { panel, send, edits, key: "", parts: [] });
        this.depth = made("span", "edit-depth", panel.caption);
        made("span", "", this.depth, { textContent: "layers" });
        this.fewer = this.stepper(this.depth, "−", "Remove the last hidden layer", () => this.edit(this.layers.slice(0, -1)));
        this.more = this.stepper(this.depth, "+", "Add a hidden layer", () => {
            this.edit([...this.layers, this.layers.at(-1) ?? FIRST_LAYER]);
        });
        this.heads = made("div", "edit-heads", panel.figure);
        this.card = made("form", "edit-weight", panel.figure);
        this.card.hidden = true;
    }

    button(parent, text, label, act) {
        const each = made("button", "edit-button", parent, { type: "button", textContent: text, title: label, onclick: act });
        each.setAttribute("aria-label", label);
        return each;
    }

    // A button that acts as soon as the mouse presses it: an answer that comes before it is let go draws all anew.
    stepper(parent, text, label, act) {
        let isDone = false;
        const each = this.button(parent, text, label, ({ detail }) => {
            if (!isDone || detail === 0) act();
            isDone = false;
        });
        each.onpointerdown = ({ button, pointerType }) => {
            isDone = button === 0 && pointerType === "mouse";
            if (isDone) act();
        };
        return each;
    }

    // What was edited holds at once, so that the next click goes on from there; the server's answer follows. One
    // that comes while the page is just being made anew can be missed there: it is told once more.
    edit(layers) {
        const { edits } = this;
        const edit = { layers, key: JSON.stringify(layers), until: performance.now() + EDIT_HELD };
        edits.last = edit;
        setTimeout(() => edits.last === edit && this.send({ layers }), EDIT_TOLD_AGAIN);
        this.send({ layers });
        this.show(layers);
    }

    show(layers) {
        this.layers = layers;
        this.fewer.disabled = !layers.length;
        this.more.disabled = layers.length >= MOST_LAYERS;
        for (const part of this.parts) this.fill(part);
    }

    draw({ layers, activations, setsWeights }) {
        const { edits } = this;
        if (edits.last && (edits.last.key === JSON.stringify(layers) || performance.now() > edits.last.until)) edits.last = null;
        const current = edits.last?.layers ?? layers;
        Object.assign(this, { activations, setsWeights });
        const canEdit = activations.length > 0;
        this.depth.hidden = !canEdit;
        const most = Math.min(layers.length, current.length);
        const columns = this.panel.columns().filter(({ layer }) => layer.number > 0 && layer.number <= most);
        const pitch = columns.length > 1 ? columns[1].x - columns[0].x : this.panel.canvas.clientWidth / 2;
        const shown = canEdit && pitch >= ROOM_FOR_BUTTONS ? columns : [];
        // A button that is being pressed stays: only what it says and where it stands follows.
        const key = JSON.stringify([shown.map(({ layer }) => layer.number), activations]);
        if (key !== this.key) {
            this.key = key;
            this.heads.replaceChildren();
            this.parts = shown.map(({ layer }) => this.head(layer.number - 1));
        }
        const top = this.panel.canvas.offsetTop;
        this.parts.forEach((part, place) => {
            Object.assign(part.head.style, { left: `${shown[place].x}px`, top: `${top + 13}px` });
            Object.assign(part.choice.style, { left: `${shown[place].x}px`, top: `${top + this.panel.canvas.clientHeight - 21}px` });
        });
        this.show(current);
    }

    head(index) {
        const change = (part) => this.edit(this.layers.map((layer, i) => (i === index ? { ...layer, ...part(layer) } : layer)));
        const head = made("div", "edit-head", this.heads);
        const fewer = this.stepper(head, "−", `One unit less in layer ${index + 1}`, () => change(({ units }) => ({ units: units - 1 })));
        this.stepper(head, "+", `One unit more in layer ${index + 1}`, () => change(({ units }) => ({ units: units + 1 })));
        const choice = made("select", "edit-activation", this.heads, { title: `Activation of layer ${index + 1}` });
        choice.setAttribute("aria-label", `Activation of layer ${index + 1}`);
        for (const name of this.activations) made("option", "", choice, { value: name, textContent: name });
        choice.onchange = () => change(() => ({ activation: choice.value }));
        return { index, head, fewer, choice };
    }

    fill({ index, fewer, choice }) {
        const layer = this.layers[index];
        if (!layer) return;
        fewer.disabled = layer.units < 2;
        if (choice.value !== layer.activation) choice.value = layer.activation;
    }

    // The way to the Backprop page: the same weight at the step that is shown.
    offerChain(edge, step) {
        const place = { layer: edge.right, unit: edge.to.unit + 1, source: edge.from.unit + 1, step };
        this.button(this.card, "Its chain rule", "Takes this step apart on the Backprop page", () => this.send({ explain: place })).classList.add("edit-explain");
    }

    // Opens beside an edge, with its weight to be set; null closes.
    pick(edge, run, frame) {
        this.card.hidden = !edge;
        if (!edge) return;
        this.card.replaceChildren();
        made("p", "", this.card, { textContent: describeEdge(run, frame, edge) });
        if (this.setsWeights) {
            const value = made("input", "", this.card, { type: "number", step: "any", required: true });
            value.value = Number(edgeValue(run, frame, edge, "weights").toPrecision(4));
            value.setAttribute("aria-label", "New weight");
            made("button", "edit-button edit-set", this.card, { type: "submit", textContent: "Set weight" });
            this.card.onsubmit = (event) => {
                event.preventDefault();
                const place = { layer: edge.right, unit: edge.to.unit + 1, source: edge.from.unit + 1 };
                this.send({ weight: { ...place, value: Number(value.value) } });
                this.card.hidden = true;
            };
        } else {
            made("p", "replay-note", this.card, { textContent: "A weight can be set while a run trains or is paused." });
        }
        if (run.run > 0) this.offerChain(edge, run.steps[frame]);
        this.button(this.card, "×", "Close", () => (this.card.hidden = true));
        const middle = alongEdge(edge, 0.5);
        const { canvas } = this.panel;
        this.card.style.left = `${Math.min(Math.max(middle.x, 120), canvas.clientWidth - 120)}px`;
        this.card.style.top = `${Math.min(canvas.offsetTop + middle.y + 8, canvas.offsetTop + canvas.clientHeight - 96)}px`;
    }
}
