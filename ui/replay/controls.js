// Elements and buttons that the replay and the stage are made of, and the bar that moves a clock.

const ICONS = {
    play: "M8 5v14l11-7z",
    pause: "M6 5h4v14H6zm8 0h4v14h-4z",
    back: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z",
    next: "M8.6 16.6 10 18l6-6-6-6-1.4 1.4 4.6 4.6z",
    end: "M6 18l8.5-6L6 6v12zM16 6v12h2V6z",
};

function made(kind, name, parent, properties = {}) {
    const element = document.createElement(kind);
    element.className = name;
    Object.assign(element, properties);
    parent.append(element);
    return element;
}

function setIcon(button, icon, label) {
    if (button.dataset.icon === icon && button.title === label) return;
    button.dataset.icon = icon;
    button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
    button.setAttribute("aria-label", label);
    button.title = label;
}

// Play, back, slider, next, to the end, where it is, how fast, and back to the latest moment.
class ClockBar {
    constructor(parent, clock) {
        this.clock = clock;
        const bar = made("div", "replay-bar", parent);
        const button = (name, icon, label, act) => {
            const each = made("button", `replay-button ${name}`, bar, { type: "button", onclick: act });
            setIcon(each, icon, label);
            return each;
        };
        this.playButton = button("replay-play", "play", "Play the replay", () => clock.toggle());
        button("replay-back", "back", "Previous frame", () => clock.seek(clock.shown - 1));
        this.slider = made("input", "replay-slider", bar, { type: "range", min: 0, max: 0, step: 1, value: 0 });
        this.slider.setAttribute("aria-label", "Epoch shown");
        this.slider.oninput = () => clock.seek(Number(this.slider.value));
        button("replay-next", "next", "Next frame", () => clock.seek(clock.shown + 1));
        button("replay-end", "end", "To the end", () => (clock.isLive ? clock.follow() : clock.seek(clock.end)));
        this.label = made("output", "replay-label", bar);
        const speed = made("select", "replay-speed", bar, { title: "Speed of the replay" });
        speed.setAttribute("aria-label", "Speed of the replay");
        for (const each of SPEEDS) made("option", "", speed, { value: each, textContent: `${each}×` });
        speed.value = clock.speed;
        speed.onchange = () => (clock.speed = Number(speed.value));
        this.followButton = made("button", "replay-button replay-follow", bar, { type: "button", textContent: "Follow", title: "Show the newest frame as training goes on" });
        this.followButton.onclick = () => clock.follow();
    }

    draw(text) {
        const { clock } = this;
        this.slider.max = Math.max(clock.end, 0);
        this.slider.value = clock.shown;
        this.label.value = text;
        this.slider.setAttribute("aria-valuetext", text);
        setIcon(this.playButton, clock.isMoving ? "pause" : "play", clock.isMoving ? "Pause the replay" : "Play the replay");
        this.followButton.hidden = !clock.isLive || clock.follows;
    }
}

// What is measured of a clock's drawings, for tests and for whoever looks for what is slow.
class DrawCounter {
    constructor(root) {
        Object.assign(this, { root, times: [] });
    }

    note(clock, began, isPlayed) {
        const now = performance.now();
        this.times = [...this.times.filter((time) => now - time < 1000), now];
        const { dataset } = this.root;
        if (isPlayed) dataset.played = String(Number(dataset.played ?? 0) + 1);
        Object.assign(dataset, {
            frame: String(clock.shown),
            frames: String(clock.times.length),
            playing: String(clock.isMoving),
            follows: String(clock.follows),
            drawMilliseconds: (now - began).toFixed(1),
            drawnLastSecond: String(this.times.length),
        });
    }
}
