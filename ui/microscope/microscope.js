// The microscope: one training step, one call at a time, on graph, numbers and code at once.

const MICRO_THEME_SECONDS = 0.7;
const MICRO_LEAST = 560;
const MICRO_MOST = 900;
const NUMBERS_SAID = 500;
const TOP = 300;
const microscopes = new WeakMap();
// Where somebody was in a step, by its identity: the picture may be taken off the page and put there again.
const placesHeld = new Map();

class Microscope {
    // Its `send(name, value)`, set from outside, takes something to the server.
    constructor(root) {
        Object.assign(this, { root, step: null, picked: null });
        this.inbox = new Inbox("microscope", (message) => this.absorb(message));
        root.replaceChildren();
        this.walk = new Walk(root, () => this.draw());
        this.grid = made("div", "micro-grid", root);
        this.graph = new MicroGraph(this.grid, this);
        this.now = new NowCard(this.grid);
        this.weight = new WeightCard(this.grid, this);
        this.list = new CallList(this.grid, this.walk);
        this.code = new CodeCard(this.grid);
        this.observer = new ResizeObserver(() => this.fit());
        this.observer.observe(root);
        this.resized = () => this.fit();
        window.addEventListener("resize", this.resized);
        this.watch = setInterval(() => this.step && root.isConnected && themeOf(root, this.step.colours).key !== this.themeKey && this.draw(), 1000 * MICRO_THEME_SECONDS);
    }

    // Takes in a message. Returns false when the step that it names never arrived here.
    async absorb({ header, numbers }) {
        if (!header.whole && this.step?.identity !== header.identity) return false;
        const keepsPlace = this.step?.identity === header.identity;
        if (header.whole) {
            const arrays = header.arrays.map(({ kind, shape, offset }) => {
                return { shape, numbers: numbers(kind, offset, shape.reduce((a, b) => a * b, 1)) };
            });
            this.step = { ...header, array: (place) => arrays[place] };
        }
        this.step.chain = header.chain;
        const { layer, unit, input } = header.chain;
        this.picked = { layer, unit, input };
        if (header.whole) {
            this.list.build(this.step);
            this.code.build(this.step);
            this.walk.open(this.step.calls, placesHeld.get(header.identity) ?? 0);
        }
        this.fit();
        if (header.whole && !keepsPlace) this.takeKeys();
        return true;
    }

    // The arrow keys are for the step as soon as it is there, unless somebody types elsewhere.
    takeKeys() {
        const held = document.activeElement;
        if (held?.closest?.("input:not([type=radio]), textarea, [contenteditable]")) return;
        const isFirst = (this.root.closest(".stMain")?.scrollTop ?? 0) === 0 && this.root.getBoundingClientRect().top < TOP;
        if (!isFirst) return; // further down in a lesson the keys move the page
        this.root.classList.add("quiet");
        this.root.onblur = () => this.root.classList.remove("quiet");
        this.root.focus({ preventScroll: true });
    }

    // Chooses a weight; what layer and unit it belongs to may leave it other inputs than before.
    pick({ layer, unit, input }) {
        const { layers, biases } = this.step.facts;
        const picked = {
            layer,
            unit: Math.min(unit, layers[layer].units),
            input: Math.min(Math.max(input, biases[layer - 1] ? 0 : 1), layers[layer - 1].units),
        };
        this.picked = picked;
        this.draw();
        this.send("picked", picked);
    }

    fit() {
        if (!this.root.isConnected) return;
        const scrolled = this.root.closest(".stMain")?.scrollTop ?? 0;
        const top = this.grid.getBoundingClientRect().top + scrolled;
        const height = Math.min(Math.max(window.innerHeight - top - 12, MICRO_LEAST), MICRO_MOST);
        this.grid.style.setProperty("--micro-height", `${Math.round(height)}px`);
        this.draw();
    }

    draw() {
        const { step, walk } = this;
        if (!step) return;
        const began = performance.now();
        const theme = themeOf(this.root, step.colours);
        this.themeKey = theme.key;
        placesHeld.set(step.identity, walk.at);
        walk.draw();
        this.graph.draw(step, walk.at, this.picked, theme);
        this.now.draw(step, walk.at, this.picked, theme);
        this.weight.draw(step, this.picked);
        this.list.draw(walk.at);
        this.code.draw(walk.at);
        this.say(step, walk.at, began);
    }

    // What is shown, for tests and for whoever looks for what is slow.
    say(step, at, began) {
        const written = step.array(step.calls[at].writes[0].place).numbers;
        Object.assign(this.root.dataset, {
            call: String(at),
            calls: String(step.calls.length),
            step: String(step.step),
            written: written.length <= NUMBERS_SAID ? JSON.stringify(Array.from(written)) : "",
            drawMilliseconds: (performance.now() - began).toFixed(1),
        });
    }

    leave() {
        this.walk.leave();
        clearInterval(this.watch);
        this.observer.disconnect();
        window.removeEventListener("resize", this.resized);
    }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".microscope");
    if (!microscopes.has(root)) microscopes.set(root, new Microscope(root));
    const microscope = microscopes.get(root);
    microscope.send = setTriggerValue;
    microscope.inbox.put(data, () => setTriggerValue("resend", true));
    return () => {
        microscope.leave();
        microscopes.delete(root);
    };
}
