// Takes messages in one after the other, and gives up on what fails again and again.

const RETRIES_AT_MOST = 3;

class Inbox {
    // `take(message)` returns a promise of whether all that the message builds on is here.
    constructor(name, take) {
        Object.assign(this, { name, take, failures: 0, last: Promise.resolve(true), newest: null });
    }

    // Calls `resend()` when frames are missing here and everything has to be sent again. A message that is here
    // already is passed over; returns whether it was new.
    put(message, resend) {
        if (this.newest === message) return false;
        this.newest = message;
        this.last = this.last
            .then(() => this.take(decode(message)))
            .catch((error) => {
                console.error(`${this.name}:`, error);
                this.failures += 1;
                return this.failures > RETRIES_AT_MOST;
            })
            .then((isWhole) => isWhole || resend());
        return true;
    }
}
