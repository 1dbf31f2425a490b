// The one place in time for everything that is shown: held, played, or looked at while a pointer is over a chart.

const SPEEDS = [0.25, 0.5, 1, 2, 4];
// At speed 1 the whole of a run takes this long, in steps that the eye does not see.
const WHOLE_SECONDS = 6;
const FRAMES_A_SECOND_AT_LEAST = 15;
const CATCH_UP_SECONDS = 1.2;

class Clock {
    // Calls `changed(isPlayed)` whenever what is to be shown has changed.
    constructor(changed) {
        this.changed = changed;
        this.times = [];
        this.position = 0;
        this.peeked = null;
        this.speed = 1;
        this.isPlaying = this.follows = this.isLive = false;
    }

    get end() {
        return this.times.length - 1;
    }

    // The frame that is shown.
    get shown() {
        return Math.min(this.peeked ?? this.position, this.end);
    }

    get isMoving() {
        return this.isPlaying && this.position < this.end;
    }

    get rate() {
        const rate = Math.max(FRAMES_A_SECOND_AT_LEAST, this.times.length / WHOLE_SECONDS) * this.speed;
        return this.follows && this.isLive ? Math.max(rate, (this.end - this.position) / CATCH_UP_SECONDS) : rate;
    }

    // Begins with other frames: at the end, or at the start of what is worth following.
    open(times, isLive, follows) {
        Object.assign(this, { times, isLive, peeked: null, isPlaying: false, follows: false });
        const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
        this.position = follows && !isStill ? 0 : this.end;
        if (follows) this.follow();
    }

    // Goes on with more frames: what is shown stays, and whoever was at the end goes along with it.
    extend(times, isLive) {
        const wasAtEnd = this.position >= this.end;
        const before = this.times[this.position];
        Object.assign(this, { times, isLive });
        if (before !== undefined) this.position = Math.max(0, times.findIndex((time) => time >= before));
        if (this.follows && wasAtEnd) this.play();
        else if (!this.isPlaying && wasAtEnd) this.position = this.end;
    }

    follow() {
        this.follows = true;
        this.peeked = null;
        this.play();
    }

    play() {
        if (this.position >= this.end && !this.follows) this.position = 0;
        this.isPlaying = true;
        this.last = performance.now();
        this.owed = 0;
        cancelAnimationFrame(this.request);
        this.request = requestAnimationFrame((now) => this.tick(now));
        this.changed(false);
    }

    pause() {
        this.isPlaying = false;
        cancelAnimationFrame(this.request);
        this.changed(false);
    }

    toggle() {
        const wasMoving = this.isMoving;
        this.follows = false;
        if (wasMoving) this.pause();
        else this.play();
    }

    // Takes the cursor: from now on the latest moment is not followed any more.
    seek(position) {
        this.follows = false;
        this.peeked = null;
        this.position = Math.min(Math.max(position, 0), this.end);
        this.pause();
    }

    // Shows a frame for as long as a pointer asks for it; null gives the cursor back.
    peek(position) {
        if (this.peeked === position) return;
        this.peeked = position;
        this.changed(false);
    }

    tick(now) {
        if (!this.isPlaying) return;
        const pending = this.end - this.position;
        // A frame's time is that at which the browser began it, which may lie before the call that asked for it.
        this.owed += (Math.max(now - this.last, 0) / 1000) * this.rate;
        this.last = now;
        const steps = Math.min(Math.floor(this.owed), pending);
        this.owed -= Math.floor(this.owed);
        this.position += steps;
        if (this.position >= this.end) this.isPlaying = false;
        else this.request = requestAnimationFrame((next) => this.tick(next));
        if (steps > 0 || !this.isPlaying) this.changed(steps > 0);
    }

    leave() {
        this.isPlaying = false;
        cancelAnimationFrame(this.request);
    }
}
