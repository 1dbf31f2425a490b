// The stage: graph, large picture, loss and layer strip of one run under one clock, on one screen.

const THEME_SECONDS = 0.7;
const LEAST_HEIGHT = 540;
const MOST_HEIGHT = 900;
const FLOW_SECONDS = 1.6;
const REST_SECONDS = 3;
// In less the legend would take the room of the curve.
const LEAST_FOR_LEGEND = 380;
const stages = new WeakMap();
let latest = null;

// Fills a list with what there is to choose from, unless it has that already.
function offer(choice, options, chosen) {
    const text = JSON.stringify(options);
    if (choice.dataset.offered !== text) {
        choice.dataset.offered = text;
        choice.replaceChildren();
        for (const [value, textContent] of options) made("option", "", choice, { value, textContent });
    }
    choice.value = chosen;
}

class Stage {
    // Its `send(name, value)`, set from outside, takes something to the server.
    constructor(root) {
        Object.assign(this, { root, run: null, edits: {}, state: { shown: null, over: null, edge: null, shows: "weights", flow: 0.5 } });
        this.inbox = new Inbox("stage", (message) => this.absorb(message));
        root.replaceChildren();
        this.clock = new Clock((isPlayed) => this.draw(isPlayed));
        this.bar = new ClockBar(root, this.clock);
        this.live = made("span", "stage-live", root.querySelector(".replay-bar"));
        this.numbers = new NumbersLine(root);
        this.grid = made("div", "stage-grid", root);
        this.networkPlace = made("div", "stage-network", this.grid);
        this.picturePlace = made("div", "stage-picture", this.grid);
        this.charts = [this.chart("stage-loss", "Loss"), this.chart("stage-strip", "Layers over time")];
        this.buildChoices();
        this.table = new CursorTable(this.charts[0].chart.box);
        this.details = made("div", "replay-low", root);
        this.counter = new DrawCounter(root);
        this.observer = new ResizeObserver(() => this.fit());
        this.observer.observe(root);
        this.resized = () => this.fit();
        window.addEventListener("resize", this.resized);
        this.watch = setInterval(() => this.header && root.isConnected && themeOf(root, this.header.colours).key !== this.themeKey && this.draw(), 1000 * THEME_SECONDS);
    }

    chart(name, title) {
        const { figure, caption } = panel(this.grid, name, title, "");
        const place = made("div", "stage-chart", figure);
        const sentence = made("p", "stage-sentence", figure);
        const chart = mountChart(name);
        place.append(chart.box);
        chart.height = () => place.clientHeight;
        chart.drawn = () => this.drawCursors();
        const cursor = new ChartCursor(chart, {
            moved: (x) => this.clock.peek(this.frameAt(x)),
            left: () => this.clock.peek(null),
            pressed: (x) => this.clock.seek(this.frameAt(x)),
        });
        // The small table has the numbers of the moment that everything shows; Plotly's box would have another's.
        if (name === "stage-loss") {
            chart.dressing.push((data, layout) => {
                layout.hovermode = false;
                layout.showlegend = place.clientWidth >= LEAST_FOR_LEGEND;
            });
        }
        return { name, figure, caption, title: caption.querySelector("b"), place, sentence, chart, cursor };
    }

    buildChoices() {
        const choose = (name) => (value) => this.send("chosen", { [name]: value });
        const [loss, strip] = this.charts;
        this.log = made("button", "edit-button stage-log", loss.caption, { type: "button", textContent: "log", title: "Logarithmic axis: shows small changes near zero" });
        this.log.onclick = () => choose("log_y")(this.log.getAttribute("aria-pressed") !== "true");
        this.axis = this.select(loss.caption, "X axis", choose("axis"));
        this.strip = this.select(strip.caption, "What the layers show", choose("strip"));
    }

    select(parent, label, act) {
        const choice = made("select", "", parent, { title: label });
        choice.setAttribute("aria-label", label);
        choice.onchange = () => act(choice.value);
        return choice;
    }

    // Takes in a message. Returns false when something that it builds on never arrived here.
    async absorb({ header, bytes }) {
        const [moving, charts] = header.sizes;
        const frames = decode(bytes.subarray(0, moving));
        const isNew = this.identity !== header.identity;
        const isWhole = isNew || this.lacksFrames || !this.run;
        this.lacksFrames = true; // until this has gone well
        const held = isWhole ? new Map() : new Map([[this.run.run, this.run]]);
        const runs = await absorbRuns(held, frames.header.runs, frames.bytes);
        if (this.isGone) return true;
        this.lacksFrames = !runs;
        if (runs) this.take(header, [...runs.values()][0] ?? null, isNew, isWhole);
        const areWhole = this.takeCharts(decode(bytes.subarray(moving, moving + charts)), header);
        return Boolean(runs) && areWhole;
    }

    take(header, run, isNew, isWhole) {
        const isFirst = isNew || !this.run;
        Object.assign(this, { header, run, identity: header.identity });
        this.drawChoices();
        this.root.dataset.empty = String(!run);
        if (!run) {
            for (const place of [this.networkPlace, this.picturePlace, this.details]) place.replaceChildren();
            made("p", "stage-note", this.networkPlace, { textContent: header.note });
            return;
        }
        if (isWhole) this.build(isFirst);
        if (isFirst) this.clock.open([...run.epochs], header.live, header.follows);
        else this.clock.extend([...run.epochs], header.live);
        this.fit();
    }

    build(isFirst) {
        for (const place of [this.networkPlace, this.picturePlace, this.details]) place.replaceChildren();
        if (isFirst) Object.assign(this.state, { shown: null, over: null, edge: null });
        this.network = new NetworkPanel(this.networkPlace, this.run, this);
        this.editor = new NetworkEditor(this.network, (change) => this.send("edited", change), this.edits);
        this.picture = new PicturePanel(this.picturePlace, this.run, this);
        this.histograms = new DetailPanels(this.details, this.run);
    }

    drawChoices() {
        const { choices } = this.header;
        this.log.setAttribute("aria-pressed", String(choices.log_y));
        offer(this.axis, choices.axes.map((name) => [name, name]), choices.axis);
        offer(this.strip, Object.entries(choices.strips), choices.strip);
    }

    takeCharts({ header, numbers }, { plotly, note }) {
        const fresh = [];
        let areWhole = true;
        this.charts.forEach((slot, place) => {
            const card = header.cards[place];
            slot.figure.dataset.empty = String(!card);
            slot.sentence.textContent = card ? card.sentence : note;
            slot.sentence.title = slot.sentence.textContent;
            if (!card) return;
            slot.title.textContent = card.title;
            const [{ serial, offset, size }] = card.charts;
            if (size && take(slot.chart, numbers("u1", offset, size))) fresh.push(slot.chart);
            areWhole &&= slot.chart.header?.serial === serial;
        });
        if (header.cards.length) {
            loadPlotly(plotly).then(
                () => fresh.forEach((chart) => chart.left || draw(chart)),
                () => this.send("failed", true),
            );
        }
        return areWhole;
    }

    // The grid takes the height that the window leaves.
    fit() {
        if (!this.root.isConnected) return;
        const scrolled = this.root.closest(".stMain")?.scrollTop ?? 0;
        const top = this.grid.getBoundingClientRect().top + scrolled;
        const height = Math.min(Math.max(window.innerHeight - top - 10, LEAST_HEIGHT), MOST_HEIGHT);
        this.grid.style.setProperty("--stage-height", `${Math.round(height)}px`);
        this.draw();
        const size = this.charts.map(({ place }) => `${place.clientWidth} ${place.clientHeight}`).join();
        if (size !== this.size && window.Plotly) {
            this.size = size;
            for (const { chart } of this.charts) draw(chart);
        }
    }

    // Where each frame lies on the axis of the charts.
    along(frame) {
        const { axis } = this.header.choices;
        if (axis === "seconds") return this.run.records[frame]?.[0] ?? null;
        return axis === "step" ? this.run.steps[frame] : this.run.epochs[frame];
    }

    // The frame nearest to a place on the axis of the charts.
    frameAt(x) {
        if (!this.run) return 0;
        let [best, nearest] = [Infinity, 0];
        for (let frame = 0; frame < this.run.epochs.length; frame += 1) {
            const at = this.along(frame);
            if (at !== null && Math.abs(at - x) < best) [best, nearest] = [Math.abs(at - x), frame];
        }
        return nearest;
    }

    choose(shown) {
        const { number: layer, unit } = this.state.shown ?? {};
        this.state.shown = shown && shown.number === layer && shown.unit === unit ? null : shown;
        this.draw();
    }

    pick(edge) {
        this.state.edge = edge;
        this.editor.pick(edge, this.run, this.clock.shown);
        this.draw();
    }

    draw(isPlayed = false) {
        const { clock, run, header } = this;
        if (!header || !run || !clock.times.length) return;
        const began = performance.now();
        const theme = themeOf(this.root, header.colours);
        this.themeKey = theme.key;
        const frame = clock.shown;
        this.network.draw(frame, this.state, theme);
        this.editor.draw(header);
        this.picture.draw(frame, this.state, theme);
        this.histograms.draw(frame, theme);
        this.found = numbersAt(run, frame);
        this.numbers.draw(this.found, header.goodRatio);
        const of = header.epochs ? ` / ${header.epochs}` : "";
        this.bar.draw(`epoch ${number(run.epochs[frame])}${of} · step ${run.steps[frame]}`);
        this.live.textContent = header.live ? (clock.follows ? "● live" : "○ held") : "";
        this.drawCursors();
        this.counter.note(clock, began, isPlayed);
        this.animateFlow();
    }

    drawCursors() {
        if (!this.run || !this.header) return;
        const x = this.along(this.clock.shown);
        for (const { cursor } of this.charts) cursor.show(x);
        const [{ chart }] = this.charts;
        const area = x === null || !this.found ? null : plotArea(chart);
        if (!area) this.table.hide();
        else this.table.draw(area, area.axis.d2p(x), this.found, `epoch ${number(this.run.epochs[this.clock.shown])}`);
    }

    // Gradients flow while they are shown, as long as somebody can see it.
    animateFlow() {
        const isShown = this.state.shows === "gradients" && !matchMedia("(prefers-reduced-motion: reduce)").matches;
        if (!isShown || this.flowing) return;
        this.flowing = requestAnimationFrame((now) => {
            this.flowing = null;
            if (this.isGone || this.state.shows !== "gradients") return;
            this.state.flow = (now / 1000 / FLOW_SECONDS) % 1;
            this.network.draw(this.clock.shown, this.state, themeOf(this.root, this.header.colours));
            this.animateFlow();
        });
    }

    leave() {
        this.isGone = true;
        this.clock.leave();
        cancelAnimationFrame(this.flowing);
        clearInterval(this.watch);
        this.observer.disconnect();
        window.removeEventListener("resize", this.resized);
        for (const { chart } of this.charts) chart.leave();
    }
}

// Returns the stage of a place. Streamlit can take one off the page and put another in its stead at once, when a part
// of the page and the whole of it are drawn at the same time: where it shows the same, it is the one that was there.
function stageAt(root, data) {
    if (stages.has(root)) return stages.get(root);
    const rests = latest && !latest.isGone && !latest.root.isConnected;
    if (rests && latest.identity === decode(data).header.identity) {
        root.replaceWith(latest.root);
        return latest;
    }
    latest = new Stage(root);
    stages.set(root, latest);
    return latest;
}

export default function ({ data, parentElement, setTriggerValue }) {
    const stage = stageAt(parentElement.querySelector(".stage"), data);
    stage.send = setTriggerValue; // an older one speaks for a part of the page that may be gone
    if (!stage.inbox.put(data, () => setTriggerValue("resend", true))) stage.draw();
    return () => setTimeout(() => stage.root.isConnected || stage.leave(), 1000 * REST_SECONDS);
}
