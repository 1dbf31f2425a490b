// Draws the network as a graph: units with their pictures, weights as lines.

const HEAD = 34;
const FOOT = 20;

const longest = (names) => Math.max(...names.map((name) => name.length));

// Where everything stands: one column a layer, the units of a column in the middle.
function graphLayout(run, width, height) {
    const { layers } = run.facts;
    const most = Math.max(...layers.map((layer) => layer.shown));
    const room = height - HEAD - FOOT;
    const side = Math.max(12, Math.min(44, room / most - 4, (width / layers.length) * 0.55));
    const pitch = Math.min(side + 10, room / most);
    const { kind, names, outputNames } = run.facts;
    const left = side / 2 + (kind === "none" ? 74 : 12 + 6 * Math.min(longest(names), 9));
    const right = side / 2 + (outputNames.length ? 12 + 6 * Math.min(longest(outputNames), 9) : 12);
    return layers.map((layer, column) => {
        const x = left + (column / (layers.length - 1)) * (width - left - right);
        const first = HEAD + room / 2 - ((layer.shown - 1) / 2) * pitch;
        const units = Array.from({ length: layer.shown }, (_, unit) => ({ unit, x, y: first + unit * pitch }));
        return { layer, x, side, units };
    });
}

function drawGraph(canvas, run, place, state, theme) {
    const made = surface(canvas, theme);
    if (!made) return;
    const { context, width, height } = made;
    const columns = graphLayout(run, width, height);
    drawEdges(context, columns, run, place, state, theme);
    let order = 0;
    for (const column of columns) {
        drawHeading(context, column, columns, run, theme, width, height);
        for (const node of column.units) {
            drawUnit(context, column, node, run, place, order, state, theme);
            if (column.layer.number > 0) order += 1;
        }
    }
}

function drawHeading(context, { layer, x, units, side }, columns, run, theme, width, height) {
    const last = run.facts.layers.at(-1).number;
    const isNarrow = width / columns.length < 62;
    const [first, middle, end] = isNarrow ? ["in", "", "out"] : ["input", "layer ", "output"];
    const name = layer.number === 0 ? first : layer.number === last ? end : `${middle}${layer.number}`;
    const isEdge = run.facts.kind !== "none" || run.facts.outputNames.length === 0;
    const align = !isEdge ? "center" : layer.number === 0 ? "left" : layer.number === last ? "right" : "center";
    const at = align === "left" ? x - side / 2 : align === "right" ? x + side / 2 : x;
    write(context, name, at, 10, { colour: css(theme.text), align, weight: "600", font: theme.font });
    const quiet = { colour: css(theme.quiet), align, size: 10, font: theme.font };
    const shown = layer.size > layer.shown ? `${layer.shown} of ${layer.size} units` : layer.size === 1 ? "1 unit" : `${layer.size} units`;
    if (!isNarrow) write(context, shown, at, 23, quiet);
    if (isNarrow && layer.size > layer.shown) {
        const more = `+${layer.size - layer.shown}`;
        write(context, more, x, units.at(-1).y + side / 2 + 10, { ...quiet, align: "center" });
    }
    const before = columns[columns.findIndex((column) => column.layer === layer) - 1];
    if (before && before.layer.number + 1 < layer.number) {
        const missing = layer.number - before.layer.number - 1;
        const middle = (before.x + x) / 2;
        write(context, "···", middle, height / 2, { ...quiet, align: "center", size: 16 });
        write(context, `+${missing}`, middle, height / 2 + 16, { ...quiet, align: "center" });
    }
}

function drawUnit(context, { layer, side }, { unit, x, y }, run, place, order, state, theme) {
    const tile = run.tile(place, layer.number, unit);
    const [left, top] = [x - side / 2, y - side / 2];
    context.save();
    context.beginPath();
    if (tile) context.roundRect(left, top, side, side, 4);
    else context.arc(x, y, side / 2 - 1, 0, 2 * Math.PI);
    context.fillStyle = css(theme.middle);
    context.fill();
    context.clip();
    if (layer.number === 0) {
        drawInput(context, run, unit, left, top, side, theme);
    } else if (tile && tile.rows === 1) {
        drawSparkline(context, tile.bytes, left, top, side, theme);
    } else if (tile) {
        const picture = pictureOf(`tile${tile.columns}`, tile.bytes, tile.rows, tile.columns, theme.diverging, tile.tells !== "weights");
        context.imageSmoothingEnabled = tile.tells !== "weights";
        context.drawImage(picture, left, top, side, side);
    } else {
        const mean = run.array(place, "activation")[order];
        context.fillStyle = css(theme.diverging[Math.round(127.5 + 127.5 * Math.tanh(mean))]);
        context.fill();
    }
    context.restore();
    drawName(context, { layer, side }, { unit, x, y }, run, theme);
    const isShown = state.shown?.number === layer.number && state.shown.unit === unit;
    const isOver = state.over?.number === layer.number && state.over.unit === unit;
    context.beginPath();
    if (tile) context.roundRect(left, top, side, side, 4);
    else context.arc(x, y, side / 2 - 1, 0, 2 * Math.PI);
    context.lineWidth = isShown || isOver ? 2.5 : 1;
    context.strokeStyle = isShown || isOver ? theme.accent : css(mixed(theme.page, theme.text, 0.35));
    context.stroke();
}

// Names stand outside: inputs on the left, several outputs on the right.
function drawName(context, { layer, side }, { unit, x, y }, { facts }, theme) {
    const isInput = layer.number === 0;
    const isOutput = layer.number === facts.layers.at(-1).number && facts.outputNames.length > 0;
    if (!isInput && !isOutput) return;
    const [name, limit] = isInput ? [facts.names[unit] ?? "", 12] : [facts.outputNames[unit] ?? "", 9];
    const cut = name.length > limit ? `${name.slice(0, limit - 1)}…` : name;
    const style = { colour: css(theme.quiet), size: 10, font: theme.font, align: isInput ? "right" : "left" };
    write(context, cut, isInput ? x - side / 2 - 5 : x + side / 2 + 5, y, style);
}

// An input of the plane is a picture like a unit's; one of a curve is a ramp, low on the left.
function drawInput(context, run, unit, left, top, side, theme) {
    const tile = run.tile(0, 0, unit);
    if (tile) {
        const picture = pictureOf(`tile${tile.columns}`, tile.bytes, tile.rows, tile.columns, theme.diverging, true);
        context.imageSmoothingEnabled = true;
        context.drawImage(picture, left, top, side, side);
    }
    if (run.facts.kind !== "curve") return;
    const ramp = context.createLinearGradient(left, top, left + side, top);
    for (const share of [0, 0.5, 1]) ramp.addColorStop(share, css(theme.diverging[Math.round(255 * share)]));
    context.fillStyle = ramp;
    context.fill();
}

function drawSparkline(context, bytes, left, top, side, theme) {
    context.beginPath();
    bytes.forEach((byte, i) => {
        const x = left + (i / (bytes.length - 1)) * side;
        const y = top + side - 3 - ((byte - 1) / 254) * (side - 6);
        if (i) context.lineTo(x, y);
        else context.moveTo(x, y);
    });
    context.strokeStyle = css(theme.text);
    context.lineWidth = 1.5;
    context.stroke();
}

// The unit under a place of the canvas, or null.
function unitAt(columns, x, y) {
    for (const { layer, side, units } of columns) {
        for (const node of units) {
            if (Math.abs(node.x - x) <= side / 2 + 3 && Math.abs(node.y - y) <= side / 2 + 3) {
                return { number: layer.number, unit: node.unit };
            }
        }
    }
    return null;
}

function nameOfUnit(run, { number: layer, unit }) {
    const { layers, names, outputNames } = run.facts;
    if (layer === 0) return `input ${names[unit] ?? unit + 1}`;
    if (layer !== layers.at(-1).number) return `layer ${layer}, unit ${unit + 1}`;
    return layers.at(-1).size === 1 ? "output" : `output ${outputNames[unit] ?? unit + 1}`;
}

// What a unit does at the moment shown: its bias, its mean output, and whether it is dead or saturated.
function describeUnit(run, place, unit) {
    const name = nameOfUnit(run, unit);
    if (unit.number === 0) return name;
    const at = run.order(unit);
    const [bias, mean, active, saturated] = ["bias", "activation", "active", "saturated"].map((each) => run.array(place, each)[at]);
    const parts = [`bias ${number(bias)}`, `mean output ${number(mean)}`];
    const share = (value) => `${number(100 * value)} % of the training rows`;
    if (active < run.facts.deadBelow) parts.push(`dead: above 0 on ${share(active)}`);
    else if (active <= 1) parts.push(`above 0 on ${share(active)}`);
    if (saturated <= 1) parts.push(`saturated on ${share(saturated)}`);
    return `${name}: ${parts.join(", ")}`;
}
