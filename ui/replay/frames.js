// Reads messages into the frames of a run, which are kept here and played here.
//
// Behind the header of a message come the frames: each as its difference from the one before, byte by byte, packed
// by zlib.

const WIDTHS = { f4: 4, i2: 2, u1: 1 };
const ARRAYS = { f4: Float32Array, i2: Int16Array, u1: Uint8Array };

// Straight into the stream: a Blob's would come from another process, in three times the time.
async function unpacked(bytes) {
    const { readable, writable } = new DecompressionStream("deflate");
    const writer = writable.getWriter();
    const isIn = Promise.all([writer.write(bytes), writer.close()]);
    const [frame] = await Promise.all([new Response(readable).arrayBuffer(), isIn]);
    return new Uint8Array(frame);
}

function addTo(frame, before) {
    for (let at = 0; at < frame.length; at += 1) frame[at] += before[at];
}

class ReplayFrames {
    constructor(sent) {
        Object.assign(this, { run: sent.run, frames: [], steps: [], epochs: [], records: [], span: null, reach: 0, scale: 0, gradientScale: 0 });
        this.places = {};
        let offset = 0;
        for (const [name, kind, size] of sent.layout) {
            this.places[name] = { kind, size, offset };
            offset += WIDTHS[kind] * size;
        }
    }

    // Returns false when the message builds on frames that never arrived here.
    async absorb(sent, bytes) {
        if (sent.first > this.frames.length) return false;
        this.facts = sent.facts ?? this.facts;
        this.title = sent.title;
        this.colour = sent.colour;
        const isHeld = (place, i) => place < this.frames.length && this.steps[place] === sent.steps[i];
        let end = sent.offset;
        // All at once: one after the other, each would wait for its turn behind whatever else the page draws.
        const packed = sent.sizes.map((size, i) => {
            end += size;
            return isHeld(sent.first + i, i) ? null : unpacked(bytes.subarray(end - size, end));
        });
        for (const [i, frame] of (await Promise.all(packed)).entries()) {
            const place = sent.first + i;
            if (frame) {
                if (place > 0) addTo(frame, new Uint8Array(this.frames[place - 1]));
                this.frames[place] = frame.buffer;
                this.steps[place] = sent.steps[i];
                this.epochs[place] = sent.epochs[i];
                this.widen(place);
            }
            this.records[place] = sent.records?.[i];
        }
        for (const list of [this.frames, this.steps, this.epochs, this.records]) list.length = sent.count;
        return true;
    }

    // Axes are the same for all frames, so that what moves is the run and not the scale.
    widen(place) {
        const powers = [...this.array(place, "profile")].filter((g) => g > 0 && isFinite(g)).map(Math.log10);
        for (const power of powers) {
            this.span = this.span ? [Math.min(this.span[0], power), Math.max(this.span[1], power)] : [power, power];
        }
        for (const reach of this.array(place, "reach")) this.reach = Math.max(this.reach, reach);
        for (const scale of this.array(place, "scale")) this.scale = Math.max(this.scale, scale);
        for (const scale of this.array(place, "gradient_scale")) this.gradientScale = Math.max(this.gradientScale, scale);
    }

    array(place, name) {
        const found = this.places[name];
        return found ? new ARRAYS[found.kind](this.frames[place], found.offset, found.size) : null;
    }

    // The last frame that was taken at or before an epoch.
    at(epoch) {
        let place = 0;
        while (place + 1 < this.epochs.length && this.epochs[place + 1] <= epoch + 1e-9) place += 1;
        return place;
    }

    // Where a unit stands in the arrays that have one number for each unit shown.
    order({ number: layerNumber, unit }) {
        let before = 0;
        for (const layer of this.facts.layers) {
            if (layer.number === layerNumber) break;
            if (layer.number > 0) before += layer.shown;
        }
        return before + unit;
    }

    // Pictures of the units by layer: where each begins in `units`, and its rows and columns.
    tiles() {
        if (this.tileList) return this.tileList;
        let offset = 0;
        let order = 0;
        this.tileList = new Map();
        for (const layer of this.facts.layers) {
            if (!layer.tile) continue;
            const [rows, columns] = layer.tile;
            this.tileList.set(layer.number, { offset, rows, columns, order, tells: layer.tells });
            offset += layer.shown * rows * columns;
            order += 1;
        }
        return this.tileList;
    }

    // An input's picture is the same in every frame; a unit's comes with the frame.
    tile(place, number, unit) {
        const { inputs } = this.facts;
        if (number === 0 && inputs) {
            const [rows, columns] = inputs.tile;
            return { rows, columns, tells: "values", bytes: inputs.pictures[unit] };
        }
        const found = this.tiles().get(number);
        if (!found) return null;
        const size = found.rows * found.columns;
        const start = found.offset + unit * size;
        return { ...found, bytes: this.array(place, "units").subarray(start, start + size) };
    }

    missed(place) {
        const bits = this.array(place, "wrong");
        return bits ? (index) => (bits[index >> 3] >> (index & 7)) & 1 : () => 0;
    }
}

// Returns the runs with what a message adds to them, or null when it builds on frames that never arrived here.
async function absorbRuns(held, sent, bytes) {
    const runs = new Map(held);
    for (const each of sent) {
        const layoutKey = JSON.stringify(each.layout);
        const isSame = runs.get(each.run)?.layoutKey === layoutKey;
        const run = isSame ? runs.get(each.run) : Object.assign(new ReplayFrames(each), { layoutKey });
        if (!(await run.absorb(each, bytes))) return null;
        runs.set(each.run, run);
    }
    return runs;
}
