// The player: one slider and one clock for all drawings of one or two runs.

const SPEEDS = [5, 15, 30, 60];
const CATCH_UP_SECONDS = 1.2;
const THEME_SECONDS = 0.7;
const players = new WeakMap();

const ICONS = {
    play: "M8 5v14l11-7z",
    pause: "M6 5h4v14H6zm8 0h4v14h-4z",
    back: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z",
    next: "M8.6 16.6 10 18l6-6-6-6-1.4 1.4 4.6 4.6z",
};

function made(kind, name, parent, properties = {}) {
    const element = document.createElement(kind);
    element.className = name;
    Object.assign(element, properties);
    parent.append(element);
    return element;
}

function setIcon(button, icon, label) {
    if (button.dataset.icon === icon) return;
    button.dataset.icon = icon;
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
    button.setAttribute("aria-label", label);
    button.title = label;
}

class Player {
    constructor(root) {
        this.root = root;
        this.runs = new Map();
        this.epochs = [];
        this.position = 0;
        this.views = [];
        this.state = { shown: null, over: null };
        this.speed = 15;
        this.isPlaying = this.follows = false;
        this.owed = 0;
        this.drawTimes = [];
        this.build();
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(root);
        this.watch = setInterval(() => this.header && themeOf(root, this.header.colours).key !== this.themeKey && this.draw(), 1000 * THEME_SECONDS);
    }

    build() {
        this.root.replaceChildren();
        const bar = made("div", "replay-bar", this.root);
        const button = (name, icon, label, act) => {
            const each = made("button", `replay-button ${name}`, bar, { type: "button", onclick: act });
            setIcon(each, icon, label);
            return each;
        };
        this.playButton = button("replay-play", "play", "Play the replay", () => this.toggle());
        button("replay-back", "back", "Previous frame", () => this.seek(this.position - 1));
        this.slider = made("input", "replay-slider", bar, { type: "range", min: 0, max: 0, step: 1, value: 0 });
        this.slider.setAttribute("aria-label", "Epoch shown");
        this.slider.oninput = () => this.seek(Number(this.slider.value));
        button("replay-next", "next", "Next frame", () => this.seek(this.position + 1));
        this.label = made("output", "replay-label", bar);
        this.speedChoice = made("select", "replay-speed", bar, { title: "Frames per second" });
        this.speedChoice.setAttribute("aria-label", "Frames per second");
        for (const speed of SPEEDS) made("option", "", this.speedChoice, { value: speed, textContent: `${speed} fps` });
        this.speedChoice.value = this.speed;
        this.speedChoice.onchange = () => (this.speed = Number(this.speedChoice.value));
        this.followButton = made("button", "replay-button replay-follow", bar, { type: "button", textContent: "Follow", title: "Show the newest frame as training goes on" });
        this.followButton.onclick = () => this.startFollowing();
        this.runBox = made("div", "replay-runs", this.root);
    }

    // Takes in a message after those before it. Returns false when frames are missing here and everything has to
    // be sent again.
    absorb(message) {
        this.absorbing = (this.absorbing ?? Promise.resolve()).then(() => this.absorbNext(message));
        return this.absorbing;
    }

    async absorbNext({ header, bytes }) {
        const isNew = this.identity !== header.identity;
        const isWhole = isNew || this.lacksFrames;
        const runs = new Map(isWhole ? [] : this.runs);
        for (const sent of header.runs) {
            const isSame = runs.get(sent.run)?.layoutKey === JSON.stringify(sent.layout);
            const run = isSame ? runs.get(sent.run) : new ReplayFrames(sent);
            run.layoutKey = JSON.stringify(sent.layout);
            if (!(await run.absorb(sent, bytes))) {
                this.lacksFrames = true; // what is shown stays, and where, until everything has come again
                return false;
            }
            runs.set(sent.run, run);
        }
        if (this.isGone) return true;
        const wasAtEnd = this.position >= this.epochs.length - 1;
        const before = this.epochs[this.position];
        this.runs = runs;
        this.header = header;
        this.identity = header.identity;
        this.lacksFrames = false;
        const all = [...this.runs.values()];
        this.epochs = [...new Set(all.flatMap((run) => run.epochs))].sort((a, b) => a - b);
        this.slider.max = this.epochs.length - 1;
        if (isNew) this.open(all, header);
        else if (isWhole) {
            const { shown } = this.state;
            this.buildViews(all);
            this.state.shown = shown;
        }
        if (!isNew && before !== undefined) this.position = Math.max(0, this.epochs.findIndex((epoch) => epoch >= before));
        if (this.follows && !isNew && wasAtEnd) this.play();
        else if (!this.isPlaying && wasAtEnd) this.position = this.epochs.length - 1;
        this.draw();
        return true;
    }

    open(runs, header) {
        this.buildViews(runs);
        this.isPlaying = this.follows = false;
        this.position = this.epochs.length - 1;
        if (header.follows && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.position = 0;
        if (header.follows) this.startFollowing();
    }

    startFollowing() {
        this.follows = true;
        this.play();
    }

    play() {
        if (this.position >= this.epochs.length - 1 && !this.follows) this.position = 0;
        this.isPlaying = true;
        this.last = performance.now();
        this.owed = 0;
        cancelAnimationFrame(this.request);
        this.request = requestAnimationFrame((now) => this.tick(now));
        this.draw();
    }

    pause() {
        this.isPlaying = false;
        cancelAnimationFrame(this.request);
        this.draw();
    }

    toggle() {
        if (this.isPlaying && this.position < this.epochs.length - 1) {
            this.follows = false;
            this.pause();
        } else {
            this.follows = false;
            this.play();
        }
    }

    seek(position) {
        this.follows = false;
        this.isPlaying = false;
        cancelAnimationFrame(this.request);
        this.position = Math.min(Math.max(position, 0), this.epochs.length - 1);
        this.draw();
    }

    tick(now) {
        if (!this.isPlaying) return;
        const end = this.epochs.length - 1;
        const pending = end - this.position;
        const rate = this.follows && this.header.live ? Math.max(this.speed, pending / CATCH_UP_SECONDS) : this.speed;
        this.owed += ((now - this.last) / 1000) * rate;
        this.last = now;
        const steps = Math.min(Math.floor(this.owed), pending);
        this.owed -= Math.floor(this.owed);
        if (steps > 0) {
            this.position += steps;
            this.root.dataset.played = String(Number(this.root.dataset.played ?? 0) + 1);
            this.draw();
        }
        if (this.position >= end) {
            this.isPlaying = false;
            this.draw();
        } else {
            this.request = requestAnimationFrame((next) => this.tick(next));
        }
    }

    buildViews(runs) {
        this.runBox.replaceChildren();
        this.runBox.dataset.count = String(runs.length);
        const withPicture = runs.find((run) => run.facts.kind === "none" && run.tiles().size > 0);
        this.state = { shown: withPicture ? { number: 1, unit: 0 } : null, over: null };
        this.views = runs.map((run) => new View(run, this, runs.length > 1));
    }

    choose(shown) {
        const { number, unit } = this.state.shown ?? {};
        const isSame = shown && shown.number === number && shown.unit === unit;
        this.state.shown = isSame && this.views.every((view) => view.run.facts.kind !== "none") ? null : shown;
        this.draw();
    }

    draw() {
        if (!this.header || !this.epochs.length) return;
        const began = performance.now();
        const theme = themeOf(this.root, this.header.colours);
        this.themeKey = theme.key;
        const epoch = this.epochs[this.position];
        for (const view of this.views) view.draw(view.run.at(epoch), this.state, theme);
        const steps = [...new Set(this.views.map((view) => view.run.steps[view.run.at(epoch)]))];
        this.label.value = `epoch ${number(epoch)} · step ${steps.join(" / ")}`;
        this.slider.value = this.position;
        this.slider.setAttribute("aria-valuetext", this.label.value);
        const isMoving = this.isPlaying && this.position < this.epochs.length - 1;
        setIcon(this.playButton, isMoving ? "pause" : "play", isMoving ? "Pause the replay" : "Play the replay");
        this.followButton.hidden = !this.header.live || this.follows;
        this.note(began, isMoving);
    }

    note(began, isMoving) {
        const now = performance.now();
        this.drawTimes = [...this.drawTimes.filter((time) => now - time < 1000), now];
        Object.assign(this.root.dataset, {
            frame: String(this.position),
            frames: String(this.epochs.length),
            playing: String(isMoving),
            follows: String(this.follows),
            drawMilliseconds: (now - began).toFixed(1),
            drawnLastSecond: String(this.drawTimes.length),
        });
    }

    leave() {
        this.isGone = true;
        cancelAnimationFrame(this.request);
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
