// Colours and canvases that all drawings share.

const POOL = new Map();

function rgb(colour) {
    const context = pooled("colour", 1, 1).getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = "#888888";
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function mixed(from, to, share) {
    return from.map((channel, i) => Math.round(channel + (to[i] - channel) * share));
}

const css = (channels) => `rgb(${channels.join(",")})`;

function pooled(name, width, height) {
    let canvas = POOL.get(name);
    if (!canvas) POOL.set(name, (canvas = document.createElement("canvas")));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    return canvas;
}

// The page's colours and the tables that turn a byte into a colour; made anew when the theme changes.
function themeOf(root, colours) {
    const style = getComputedStyle(root);
    const value = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
    const names = ["background-color", "text-color", "border-color", "primary-color"];
    const key = names.map((name) => value(name, "")).join("|") + JSON.stringify(colours);
    if (root.replayTheme?.key === key) return root.replayTheme;
    const page = rgb(value("background-color", "#fff"));
    const text = rgb(value("text-color", "#222"));
    const [low, high, wrong] = ["low", "high", "wrong"].map((name) => rgb(colours[name]));
    const middle = mixed(page, text, 0.06);
    const isDark = page[0] + page[1] + page[2] < 384;
    const theme = {
        key, page, text, low, high, isDark, middle,
        wrong: isDark ? mixed(wrong, [255, 255, 255], 0.3) : wrong,
        quiet: mixed(page, text, 0.62),
        grid: mixed(page, text, 0.14),
        accent: value("primary-color", "#0f766e"),
        font: value("font", "sans-serif"),
        classes: colours.classes.map(rgb),
    };
    theme.diverging = Array.from({ length: 256 }, (_, i) => {
        const share = (i - 127.5) / 127.5;
        return mixed(middle, share < 0 ? low : high, Math.abs(share) ** 0.8 * 0.85);
    });
    const light = mixed(page, text, 0.03);
    theme.pale = theme.diverging.map((_, i) => {
        const share = (i - 127.5) / 127.5;
        return mixed(light, share < 0 ? low : high, Math.abs(share) ** 0.9 * (isDark ? 0.5 : 0.48));
    });
    root.replayTheme = theme;
    return theme;
}

// A byte is the class decided for and, within its share of the range, how surely.
function classTable(theme, classes) {
    const levels = Math.floor(256 / classes);
    return Array.from({ length: 256 }, (_, i) => {
        const index = Math.min(Math.floor(i / levels), classes - 1);
        const sure = Math.min((i - index * levels) / (levels - 1), 1);
        return mixed(theme.middle, theme.classes[index % theme.classes.length], 0.1 + 0.38 * sure);
    });
}

// Bytes as a picture in a small canvas, first row at the bottom (`up`) or at the top.
function pictureOf(name, bytes, rows, columns, table, up) {
    const canvas = pooled(name, columns, rows);
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let row = 0; row < rows; row += 1) {
        const from = (up ? rows - 1 - row : row) * columns;
        for (let column = 0; column < columns; column += 1) {
            const place = 4 * (row * columns + column);
            [image.data[place], image.data[place + 1], image.data[place + 2]] = table[bytes[from + column]];
            image.data[place + 3] = 255;
        }
    }
    context.putImageData(image, 0, 0);
    return canvas;
}

// Fits a canvas to its box at the screen's resolution and clears it; null while it has no size.
function surface(canvas, theme) {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return null;
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `11px ${theme.font}`;
    context.textBaseline = "middle";
    return { context, width, height };
}

function write(context, text, x, y, { colour, align = "left", size = 11, weight = "", font = "sans-serif" }) {
    context.font = `${weight} ${size}px ${font}`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.fillText(text, x, y);
}

function number(value, digits = 3) {
    if (!isFinite(value)) return "not finite";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(digits)));
}
