// The player: one slider and one clock for all drawings of one or two runs.

const THEME_SECONDS = 0.7;
const RETRIES_AT_MOST = 3;
const players = new WeakMap();

class Player {
    constructor(root) {
        Object.assign(this, { root, runs: new Map(), views: [], state: { shown: null, over: null, shows: "weights" } });
        root.replaceChildren();
        this.clock = new Clock((isPlayed) => this.draw(isPlayed));
        this.bar = new ClockBar(root, this.clock);
        this.runBox = made("div", "replay-runs", root);
        this.counter = new DrawCounter(root);
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(root);
        this.watch = setInterval(() => this.header && themeOf(root, this.header.colours).key !== this.themeKey && this.draw(), 1000 * THEME_SECONDS);
    }

    // Takes in a message after those before it. Returns false when frames are missing here and everything has to
    // be sent again.
    absorb(message) {
        this.absorbing = (this.absorbing ?? Promise.resolve()).then(() => this.absorbNext(message)).catch((error) => {
            console.error("player:", error);
            this.lacksFrames = true;
            this.failures = (this.failures ?? 0) + 1;
            return this.failures > RETRIES_AT_MOST; // what fails again and again is not asked for for ever
        });
        return this.absorbing;
    }

    async absorbNext({ header, bytes }) {
        const isNew = this.identity !== header.identity;
        const isWhole = isNew || this.lacksFrames;
        const runs = await absorbRuns(isWhole ? new Map() : this.runs, header.runs, bytes);
        if (!runs) {
            this.lacksFrames = true; // what is shown stays, and where, until everything has come again
            return false;
        }
        if (this.isGone) return true;
        Object.assign(this, { runs, header, identity: header.identity, lacksFrames: false });
        const all = [...runs.values()];
        const times = [...new Set(all.flatMap((run) => run.epochs))].sort((a, b) => a - b);
        if (isWhole) this.buildViews(all, isNew);
        if (isNew) this.clock.open(times, header.live, header.follows);
        else this.clock.extend(times, header.live);
        this.draw();
        return true;
    }

    buildViews(runs, isNew) {
        this.runBox.replaceChildren();
        this.runBox.dataset.count = String(runs.length);
        if (isNew) this.state = { shown: null, over: null, shows: this.state.shows };
        this.views = runs.map((run) => new View(run, this, runs.length > 1));
    }

    choose(shown) {
        const { number: layer, unit } = this.state.shown ?? {};
        const isSame = shown && shown.number === layer && shown.unit === unit;
        this.state.shown = isSame ? null : shown;
        this.draw();
    }

    draw(isPlayed = false) {
        const { clock } = this;
        if (!this.header || !clock.times.length) return;
        const began = performance.now();
        const theme = themeOf(this.root, this.header.colours);
        this.themeKey = theme.key;
        const epoch = clock.times[clock.shown];
        for (const view of this.views) view.draw(view.run.at(epoch), this.state, theme);
        const steps = [...new Set(this.views.map((view) => view.run.steps[view.run.at(epoch)]))];
        this.bar.draw(`epoch ${number(epoch)} · step ${steps.join(" / ")}`);
        this.counter.note(clock, began, isPlayed);
    }

    leave() {
        this.isGone = true;
        this.clock.leave();
        clearInterval(this.watch);
        this.observer.disconnect();
    }
}

export default function ({ data, parentElement, setTriggerValue }) {
    const root = parentElement.querySelector(".replay");
    if (!players.has(root)) players.set(root, new Player(root));
    const player = players.get(root);
    if (player.message !== data) {
        player.message = data;
        player.absorb(decode(data)).then((isWhole) => isWhole || setTriggerValue("resend", true));
    }
    return () => {
        player.leave();
        players.delete(root);
    };
}
