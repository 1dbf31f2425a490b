// The player: one slider and one clock for all drawings of one or two runs.

const THEME_SECONDS = 0.7;
const players = new WeakMap();

class Player {
    constructor(root) {
        Object.assign(this, { root, runs: new Map(), views: [], state: { shown: null, over: null, shows: "weights" } });
        this.inbox = new Inbox("player", (message) => this.absorb(message));
        root.replaceChildren();
        this.clock = new Clock((isPlayed) => this.draw(isPlayed));
        this.bar = new ClockBar(root, this.clock);
        this.runBox = made("div", "replay-runs", root);
        this.counter = new DrawCounter(root);
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(root);
        this.watch = setInterval(() => this.header && themeOf(root, this.header.colours).key !== this.themeKey && this.draw(), 1000 * THEME_SECONDS);
    }

    // Takes in a message. Returns false when something that it builds on never arrived here.
    async absorb({ header, bytes }) {
        const isNew = this.identity !== header.identity;
        const isWhole = isNew || this.lacksFrames;
        this.lacksFrames = true; // until this has gone well
        const runs = await absorbRuns(isWhole ? new Map() : this.runs, header.runs, bytes);
        if (!runs) return false; // what is shown stays, and where, until everything has come again
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
    player.inbox.put(data, () => setTriggerValue("resend", true));
    return () => {
        player.leave();
        players.delete(root);
    };
}
