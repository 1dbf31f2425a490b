// Takes a message apart: header length (uint32, little-endian), header (JSON), padding to 8, then bytes.

const KINDS = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, u2: Uint16Array, json: Uint8Array };

// Returns the header, the bytes behind it, and what reads numbers of a kind out of them.
function decode(sent) {
    const copy = sent.slice().buffer;
    const length = new DataView(copy).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(copy, 4, length)));
    const start = Math.ceil((4 + length) / 8) * 8;
    const numbers = (kind, offset, size) => new KINDS[kind](copy, start + offset, size);
    return { header, bytes: new Uint8Array(copy, start), numbers };
}
