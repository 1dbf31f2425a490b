// Arrays as people read them: a table of numbers while it is small, else a heat map.

const TABLE_ROWS = 8;
const TABLE_COLUMNS = 6;

const shapeText = (shape) => (shape.length ? shape.join(" × ") : "a number");

const GLOSSES = { "θ": "all weights", g: "their gradient", "η": "learning rate", "Δθ": "the step", y: "target", L: "loss" };

// One array with its name and shape; of all weights, that at `place` is the one that is looked at.
function drawArray(parent, seen, values, theme, place = null) {
    const box = made("div", "micro-array", parent);
    const head = made("div", "micro-array-head", box);
    made("b", "", head, { textContent: seen.name });
    const gloss = GLOSSES[seen.name];
    made("span", "", head, { textContent: `${gloss ? `${gloss} · ` : ""}${shapeText(seen.shape)}` });
    const [rows, columns] = tableShape(values.shape);
    if (rows <= TABLE_ROWS && columns <= TABLE_COLUMNS) drawTable(box, values.numbers, rows, columns, theme);
    else drawHeat(box, values.numbers, rows, columns, theme);
    const isRow = seen.shape.length === 1 && values.numbers.length === seen.shape[0] && values.numbers.length > 1;
    if (place !== null && isRow) made("div", "micro-array-own", box, { textContent: `this weight: ${micro(values.numbers[place])}` });
}

// A vector is read as a column while it is short, and as a row otherwise.
function tableShape(shape) {
    if (shape.length === 0) return [1, 1];
    if (shape.length > 1) return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)];
    return shape[0] <= TABLE_ROWS ? [shape[0], 1] : [1, shape[0]];
}

function drawTable(box, numbers, rows, columns, theme) {
    const table = made("table", "micro-table", box);
    const most = Math.max(...Array.from(numbers, Math.abs).filter(isFinite), 1e-300);
    for (let row = 0; row < rows; row += 1) {
        const line = made("tr", "", table);
        for (let column = 0; column < columns; column += 1) {
            const value = numbers[row * columns + column];
            const cell = made("td", "", line, { textContent: number(value), title: String(value) });
            const share = isFinite(value) ? value / most : 0;
            cell.style.background = css(mixed(theme.page, share < 0 ? theme.low : theme.high, 0.3 * Math.abs(share)));
        }
    }
}

function drawHeat(box, numbers, rows, columns, theme) {
    const [tall, wide] = rows === 1 && columns > 64 ? folded(columns) : [rows, columns];
    const canvas = made("canvas", "micro-heat", box);
    canvas.setAttribute("role", "img");
    canvas.width = wide;
    canvas.height = tall;
    // A cell is wide enough to be seen, and the whole no larger than its place.
    canvas.style.width = `${Math.min(Math.max(wide * 7, 36), 150)}px`;
    canvas.style.height = `${Math.min(Math.max(tall * 11, 18), 104)}px`;
    const finite = Array.from(numbers).filter(isFinite);
    const most = Math.max(...finite.map(Math.abs), 1e-300);
    const context = canvas.getContext("2d");
    const image = context.createImageData(wide, tall);
    for (let place = 0; place < wide * tall; place += 1) {
        const value = numbers[place];
        const byte = isFinite(value) ? Math.round(127.5 + (127.5 * value) / most) : -1;
        const colour = place >= numbers.length ? theme.page : byte < 0 ? theme.wrong : theme.diverging[byte];
        image.data.set([...colour, 255], 4 * place);
    }
    context.putImageData(image, 0, 0);
    const [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [NaN, NaN];
    const words = finite.length ? `${number(low)} to ${number(high)}` : "not finite";
    canvas.setAttribute("aria-label", `heat map, ${words}`);
    made("div", "micro-array-range", box, { textContent: words });
    canvas.onpointermove = (event) => {
        const bounds = canvas.getBoundingClientRect();
        const column = Math.min(Math.floor(((event.clientX - bounds.left) / bounds.width) * wide), wide - 1);
        const row = Math.min(Math.floor(((event.clientY - bounds.top) / bounds.height) * tall), tall - 1);
        canvas.title = number(numbers[row * wide + column]);
    };
}

// A long vector in lines of equal length.
function folded(length) {
    const wide = Math.ceil(Math.sqrt(length * 3));
    return [Math.ceil(length / wide), wide];
}

// A result in one line: its numbers while there are few, else its range.
function inShort(seen, { numbers }) {
    if (numbers.length <= 4) return numbers.length === 1 ? number(numbers[0]) : `[${Array.from(numbers, (value) => number(value)).join(", ")}]`;
    return shapeText(seen.shape);
}
