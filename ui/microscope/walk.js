// Goes through the calls of a step: play, pause, forwards, back, to a phase, to a layer; by buttons and by keys.

const WALK_SPEEDS = [0.5, 1, 2, 4, 8];
const CALLS_A_SECOND = 1.4;

class Walk {
    // Calls `changed()` whenever another call is to be shown.
    constructor(root, changed) {
        Object.assign(this, { root, changed, calls: [], at: 0, speed: 1, timer: null });
        const bar = made("div", "replay-bar micro-bar", root);
        const button = (name, icon, label, act) => {
            const each = made("button", `replay-button ${name}`, bar, { type: "button", onclick: act });
            setIcon(each, icon, label);
            return each;
        };
        this.playButton = button("micro-play replay-play", "play", "Play the step", () => this.toggle());
        button("micro-back", "back", "Previous call (left arrow)", () => this.go(this.at - 1));
        this.slider = made("input", "replay-slider", bar, { type: "range", min: 0, max: 0, step: 1, value: 0 });
        this.slider.setAttribute("aria-label", "Call shown");
        this.slider.oninput = () => this.go(Number(this.slider.value));
        button("micro-next", "next", "Next call (right arrow)", () => this.go(this.at + 1));
        button("micro-end", "end", "To the end of the step", () => this.go(this.end));
        this.label = made("output", "replay-label micro-label", bar);
        const speed = made("select", "replay-speed", bar, { title: "Speed" });
        speed.setAttribute("aria-label", "Speed");
        for (const each of WALK_SPEEDS) made("option", "", speed, { value: each, textContent: `${each}×` });
        speed.value = 1;
        speed.onchange = () => (this.speed = Number(speed.value));
        this.phases = made("div", "micro-phases", root);
        this.phaseButtons = PHASES.map(([phase, title, words]) => {
            const each = made("button", "micro-phase", this.phases, { type: "button" });
            made("b", "", each, { textContent: title });
            const count = made("span", "", each);
            each.onclick = () => this.go(this.calls.findIndex((call) => call.phase === phase));
            return { phase, words, each, count };
        });
        this.keyed = (event) => this.onKey(event);
        document.addEventListener("keydown", this.keyed);
    }

    get end() {
        return this.calls.length - 1;
    }

    open(calls, at) {
        Object.assign(this, { calls, at });
        this.pause();
    }

    go(place) {
        this.pause(false);
        this.at = Math.min(Math.max(place, 0), Math.max(this.end, 0));
        this.changed();
    }

    // To the first call of the next layer or phase, or of the one before.
    jump(direction) {
        const group = (place) => `${this.calls[place].phase} ${this.calls[place].layer}`;
        let place = this.at;
        if (direction < 0 && place > 0 && group(place - 1) === group(place)) direction = 0;
        const passes = (next) => next >= 0 && next <= this.end;
        if (direction > 0) {
            while (passes(place + 1) && group(place + 1) === group(this.at)) place += 1;
            return this.go(place + 1);
        }
        if (direction < 0) place -= 1;
        const target = group(Math.max(place, 0));
        while (place > 0 && group(place - 1) === target) place -= 1;
        this.go(place);
    }

    toggle() {
        if (this.timer) return this.pause();
        if (this.at >= this.end) this.at = 0;
        const tick = () => {
            if (this.at >= this.end) return this.pause();
            this.at += 1;
            this.changed();
            this.timer = setTimeout(tick, 1000 / (CALLS_A_SECOND * this.speed));
        };
        this.timer = setTimeout(tick, 1000 / (CALLS_A_SECOND * this.speed));
        this.changed();
    }

    pause(redraws = true) {
        clearTimeout(this.timer);
        this.timer = null;
        if (redraws) this.changed();
    }

    // Arrow keys go on wherever nothing else takes them.
    onKey(event) {
        const { target } = event;
        // A click on empty space gives the keys to what surrounds the step.
        const isElsewhere = !target.contains(this.root) && !this.root.contains(target);
        const isTaken = target.closest?.("input, select, textarea, [contenteditable], [role=slider], [role=tab], [role=radio]");
        if (isElsewhere || isTaken || event.altKey || event.ctrlKey || event.metaKey) return;
        const acts = {
            ArrowRight: () => this.go(this.at + 1),
            ArrowLeft: () => this.go(this.at - 1),
            ArrowDown: () => this.jump(1),
            ArrowUp: () => this.jump(-1),
            Home: () => this.go(0),
            End: () => this.go(this.end),
        };
        if (event.key === " " && target === this.root) acts[" "] = () => this.toggle();
        if (!acts[event.key]) return;
        event.preventDefault();
        acts[event.key]();
    }

    draw() {
        const { calls, at } = this;
        this.slider.max = Math.max(this.end, 0);
        this.slider.value = at;
        this.label.value = `call ${at + 1} of ${calls.length}`;
        this.slider.setAttribute("aria-valuetext", `${this.label.value}: ${calls[at]?.label ?? ""}`);
        setIcon(this.playButton, this.timer ? "pause" : "play", this.timer ? "Pause" : "Play the step");
        for (const { phase, words, each, count } of this.phaseButtons) {
            const size = calls.filter((call) => call.phase === phase).length;
            count.textContent = `${words} · ${size} ${size === 1 ? "call" : "calls"}`;
            each.disabled = size === 0;
            each.setAttribute("aria-current", String(calls[at]?.phase === phase));
        }
    }

    leave() {
        clearTimeout(this.timer);
        document.removeEventListener("keydown", this.keyed);
    }
}
