// What stands beside the graph: the call, the chain rule of one weight, the list of calls, and the code.

function microPanel(parent, name, title) {
    const figure = made("section", `panel micro-panel ${name}`, parent);
    const caption = made("div", "micro-caption", figure);
    made("b", "", caption, { textContent: title });
    return { figure, caption };
}

// The call that is shown: its formula, what it does, and the arrays that it reads and writes.
class NowCard {
    constructor(parent) {
        const { figure, caption } = microPanel(parent, "micro-now", "Now");
        this.where = made("span", "replay-note", caption);
        this.formula = made("div", "micro-formula", figure);
        this.meaning = made("p", "micro-meaning", figure);
        this.arrays = made("div", "micro-arrays", figure);
    }

    draw(step, at, picked, theme) {
        const call = step.calls[at];
        const title = PHASES.find(([phase]) => phase === call.phase)[1];
        this.where.textContent = `${title}${call.layer ? ` · layer ${call.layer}` : ""}`;
        this.formula.textContent = call.label;
        this.meaning.textContent = call.meaning;
        this.arrays.replaceChildren();
        const place = call.phase === "update" ? placeOf(step.facts, picked) : null;
        for (const seen of call.reads) drawArray(this.arrays, seen, step.array(seen.place), theme, place);
        made("span", "micro-arrow", this.arrays, { textContent: "→" });
        for (const seen of call.writes) drawArray(this.arrays, seen, step.array(seen.place), theme, place);
    }
}

// Where a weight stands in the row of all weights.
function placeOf({ places }, { layer, unit, input }) {
    const { weight, step, bias, biasStep } = places[layer - 1];
    return input === 0 ? bias + (unit - 1) * biasStep : weight + (unit - 1) * step + input - 1;
}

// The chain rule of one weight, factor by factor, beside what a finite difference says.
class WeightCard {
    constructor(parent, microscope) {
        const { figure, caption } = microPanel(parent, "micro-weight", "Chain rule of one weight");
        this.microscope = microscope;
        this.choices = ["layer", "unit", "input"].map((name) => {
            const label = made("label", "micro-choice", caption, { textContent: name });
            const choice = made("select", "", label);
            choice.onchange = () => microscope.pick({ ...microscope.picked, [name]: Number(choice.value) });
            return { name, choice };
        });
        this.table = made("table", "micro-chain", figure);
        this.shares = made("p", "micro-shares", figure);
        this.drawn = null;
    }

    draw(step, picked) {
        this.drawChoices(step, picked);
        const { chain } = step;
        const isHere = ["layer", "unit", "input"].every((name) => chain[name] === picked[name]);
        this.table.style.opacity = this.shares.style.opacity = isHere ? "" : "0.4";
        if (this.drawn === chain || !isHere) return;
        this.drawn = chain;
        this.table.replaceChildren();
        for (const { name, value, meaning } of chain.factors) this.line(name, micro(value, 5), meaning);
        const rows = this.line("product", micro(chain.product, 7), "multiplied: the gradient of this weight", "micro-product");
        rows.dataset.value = chain.product;
        const measured = this.line("measured", micro(chain.finite_difference, 7), `loss at w ± 1e-6; relative distance ${micro(chain.relative_distance, 1)}`);
        measured.dataset.value = chain.finite_difference;
        this.shares.textContent = [sharesText(chain, step.facts), changeText(chain, step.facts)].filter(Boolean).join(" ");
    }

    line(name, value, words, kind = "") {
        const line = made("tr", kind, this.table);
        made("th", "", line, { textContent: name, scope: "row" });
        made("td", "micro-value", line, { textContent: value });
        made("td", "micro-words", line, { textContent: words, title: words });
        return line;
    }

    drawChoices(step, picked) {
        const { layers, biases } = step.facts;
        const last = layers.length - 1;
        const options = {
            layer: layers.slice(1).map((_, place) => [place + 1, place + 1 === last ? `${last} (output)` : String(place + 1)]),
            unit: Array.from({ length: layers[picked.layer].units }, (_, unit) => [unit + 1, String(unit + 1)]),
            input: [
                ...(biases[picked.layer - 1] ? [[0, "bias"]] : []),
                ...Array.from({ length: layers[picked.layer - 1].units }, (_, unit) => [unit + 1, String(unit + 1)]),
            ],
        };
        for (const { name, choice } of this.choices) {
            const key = JSON.stringify(options[name]);
            if (choice.dataset.offered !== key) {
                choice.dataset.offered = key;
                choice.replaceChildren();
                for (const [value, textContent] of options[name]) made("option", "", choice, { value, textContent });
            }
            choice.value = picked[name];
        }
    }
}

const SHARES_NAMED = 3;

// Where the error of the unit came from, the largest shares first.
function sharesText({ shares, layer }, facts) {
    if (!shares.length) return "";
    const sorted = [...shares].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
    const name = (unit) => (layer + 1 === facts.layers.length - 1 && facts.outputs.length > 1 ? `output ${facts.outputs[unit - 1]}` : `unit ${unit}`);
    const named = sorted.slice(0, SHARES_NAMED).map(({ unit, error, weight, share }) => `${micro(share)} from ${name(unit)} (${micro(error)} · ${micro(weight)})`);
    const others = sorted.slice(SHARES_NAMED).reduce((sum, { share }) => sum + share, 0);
    if (sorted.length > SHARES_NAMED) named.push(`${micro(others)} from the other ${sorted.length - SHARES_NAMED}`);
    return `Its error comes from layer ${layer + 1}: ${named.join(", ")}.`;
}

function changeText({ weight, after, product }, { optimizer }) {
    if (after === null || after === undefined) return "";
    const change = after - weight;
    const share = weight ? ` (${micro((100 * Math.abs(change)) / Math.abs(weight), 2)} % of it)` : "";
    const along = change * product >= 0 && change !== 0 ? " Not against this gradient: what came before, or decay, outweighs it." : "";
    return `${optimizer} then changes the weight ${micro(weight, 4)} by ${change > 0 ? "+" : ""}${micro(change)}${share}.${along}`;
}

// All calls of the step, each with its result.
class CallList {
    constructor(parent, walk) {
        const { figure, caption } = microPanel(parent, "micro-list", "All calls of this step");
        this.about = made("span", "replay-note", caption);
        Object.assign(this, { walk, box: made("div", "micro-scroll", figure), rows: [] });
    }

    build(step) {
        this.box.replaceChildren();
        const { rows, row } = step.facts;
        const of = rows === 1 ? `row ${row} alone, as if it were the batch` : `${rows} rows: the step that the run made`;
        this.about.textContent = `${of} · keys ← → call by call, ↑ ↓ layer by layer`;
        let phase = "";
        this.rows = step.calls.map((call, place) => {
            if (call.phase !== phase) {
                phase = call.phase;
                made("div", "micro-list-phase", this.box, { textContent: PHASES.find(([name]) => name === phase)[1] });
            }
            const row = made("button", "micro-row", this.box, { type: "button", tabIndex: -1, onclick: () => this.walk.go(place) });
            made("span", "", row, { textContent: call.label });
            const result = call.writes[0];
            made("span", "micro-result", row, { textContent: result ? inShort(result, step.array(result.place)) : "" });
            return row;
        });
    }

    draw(at) {
        mark(this.box, this.rows, at);
    }
}

// Marks one of several rows and scrolls it into the middle of its box; the page stays where it is.
function mark(box, rows, at) {
    const now = rows[at];
    if (box.marked === now) return;
    box.marked?.setAttribute("aria-current", "false");
    box.marked = now;
    if (!now) return;
    now.setAttribute("aria-current", "true");
    box.scrollTop = now.offsetTop - box.clientHeight / 2;
}

// The same call as code, within the whole step.
class CodeCard {
    constructor(parent) {
        const { figure, caption } = microPanel(parent, "micro-code", "As code");
        this.tabs = ["NumPy", "PyTorch"].map((name) => {
            const tab = made("button", "edit-button", caption, { type: "button", textContent: name });
            tab.onclick = () => this.show(name);
            return { name, tab };
        });
        this.copy = made("button", "edit-button micro-copy", caption, { type: "button", textContent: "Copy all" });
        this.copy.onclick = () => this.copyAll();
        this.box = made("pre", "micro-scroll", figure);
        Object.assign(this, { shown: "NumPy", rows: [] });
    }

    build(step) {
        this.step = step;
        this.box.replaceChildren();
        this.box.marked = null;
        this.rows = [];
        this.tabs.forEach(({ name, tab }) => tab.setAttribute("aria-pressed", String(name === this.shown)));
        const isTorch = this.shown === "PyTorch";
        const note = isTorch ? step.torchNote : step.scriptNote;
        this.box.dataset.note = String(Boolean(note));
        if (note) this.box.textContent = note;
        else if (isTorch) this.box.textContent = step.torch;
        else this.rows = step.code.map((lines) => made("code", "micro-line", this.box, { textContent: `${lines.join("\n")}\n` }));
        this.copy.hidden = !this.text();
    }

    text() {
        return this.shown === "PyTorch" ? this.step.torch : this.step.script;
    }

    show(name) {
        this.shown = name;
        this.build(this.step);
        this.draw(this.at);
    }

    async copyAll() {
        await navigator.clipboard.writeText(this.text());
        this.copy.textContent = "Copied";
        setTimeout(() => (this.copy.textContent = "Copy all"), 1500);
    }

    draw(at) {
        this.at = at;
        if (this.rows.length) mark(this.box, this.rows, at);
    }
}
