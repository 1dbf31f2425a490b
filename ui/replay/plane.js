// The large picture: output of the network, or of one unit, over the input plane, with the data on top.

function drawPlane(canvas, run, place, shown, theme) {
    const { facts } = run;
    const made = surface(canvas, theme);
    if (!made) return;
    const { context, width, height } = made;
    const across = facts.kind === "curve" ? width - 36 : Math.min(width - 36, height - 24);
    const box = { left: 30 + (width - 36 - across) / 2, top: 4, width: across, height: Math.min(height - 24, across) };
    const tile = shown ? run.tile(place, shown.number, shown.unit) : null;
    context.save();
    context.beginPath();
    context.roundRect(box.left, box.top, box.width, box.height, 6);
    context.fillStyle = css(theme.middle);
    context.fill();
    context.clip();
    if (facts.kind === "curve") drawCurve(context, box, run, place, tile, theme);
    else drawMap(context, box, run, place, tile, theme);
    context.restore();
    drawAxes(context, box, facts, theme);
}

function drawMap(context, box, run, place, tile, theme) {
    const { facts } = run;
    const many = facts.kind === "classes" && facts.classes > 2;
    let picture;
    if (tile) {
        picture = pictureOf("unit", tile.bytes, tile.rows, tile.columns, theme.pale, tile.tells !== "weights");
    } else {
        const output = run.array(place, "output");
        const side = Math.sqrt(output.length);
        picture = pictureOf("output", output, side, side, many ? classTable(theme, facts.classes) : theme.pale, true);
    }
    context.imageSmoothingEnabled = !(many && !tile);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, box.left, box.top, box.width, box.height);
    if (!tile && facts.kind === "classes" && !many) drawBoundary(context, box, run.array(place, "output"), theme);
    drawPoints(context, box, run, place, theme);
}

// The line where both classes are equally likely, found cell by cell (marching squares).
function drawBoundary(context, box, bytes, theme) {
    const side = Math.sqrt(bytes.length);
    const across = (column) => box.left + ((column + 0.5) / side) * box.width;
    const up = (row) => box.top + box.height - ((row + 0.5) / side) * box.height;
    context.beginPath();
    for (let row = 0; row + 1 < side; row += 1) {
        for (let column = 0; column + 1 < side; column += 1) {
            const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([a, b]) => [column + a, row + b]);
            const values = corners.map(([a, b]) => bytes[b * side + a] - 127.5);
            const cuts = [];
            for (let i = 0; i < 4; i += 1) {
                const j = (i + 1) % 4;
                if (values[i] < 0 === values[j] < 0) continue;
                const share = values[i] / (values[i] - values[j]);
                const between = (axis) => corners[i][axis] + (corners[j][axis] - corners[i][axis]) * share;
                cuts.push([across(between(0)), up(between(1))]);
            }
            for (let i = 0; i + 1 < cuts.length; i += 2) {
                context.moveTo(...cuts[i]);
                context.lineTo(...cuts[i + 1]);
            }
        }
    }
    context.strokeStyle = css(mixed(theme.page, theme.text, 0.75));
    context.lineWidth = 1.8;
    context.stroke();
}

function colourOfTarget(facts, target, theme) {
    if (facts.kind === "classes") {
        return facts.classes === 2 ? [theme.low, theme.high][target] : theme.classes[target % theme.classes.length];
    }
    const share = (target - facts.range[0]) / (facts.range[1] - facts.range[0]);
    return theme.diverging[Math.round(255 * Math.min(Math.max(share, 0), 1))];
}

function drawPoints(context, box, run, place, theme) {
    const { facts } = run;
    const [[left, right], [bottom, top]] = facts.axes;
    const missed = run.missed(place);
    const rings = [];
    let index = 0;
    for (const { split, places, targets } of facts.points) {
        const isTraining = split === "training";
        for (let i = 0; i < targets.length; i += 1, index += 1) {
            const x = box.left + ((places[0][i] - left) / (right - left)) * box.width;
            const y = box.top + box.height - ((places[1][i] - bottom) / (top - bottom)) * box.height;
            context.beginPath();
            if (isTraining) {
                context.arc(x, y, 3, 0, 2 * Math.PI);
            } else {
                context.moveTo(x, y - 4);
                for (const [a, b] of [[4, 0], [0, 4], [-4, 0]]) context.lineTo(x + a, y + b);
                context.closePath();
            }
            context.fillStyle = css(colourOfTarget(facts, targets[i], theme));
            context.strokeStyle = isTraining ? css(theme.page) : css(theme.text);
            context.lineWidth = isTraining ? 1.5 : 2;
            context.stroke();
            context.fill();
            if (missed(index)) rings.push([x, y]);
        }
    }
    context.strokeStyle = css(theme.wrong);
    context.lineWidth = 2;
    for (const [x, y] of rings) {
        context.beginPath();
        context.arc(x, y, 7, 0, 2 * Math.PI);
        context.stroke();
    }
}

function drawCurve(context, box, run, place, tile, theme) {
    const { facts } = run;
    const [[left, right]] = facts.axes;
    const [low, high] = facts.range;
    const across = (x) => box.left + ((x - left) / (right - left)) * box.width;
    const up = (y) => box.top + box.height - ((y - low) / (high - low)) * box.height;
    for (const { split, places, targets } of facts.points) {
        context.fillStyle = css(split === "training" ? theme.low : theme.high);
        for (let i = 0; i < targets.length; i += 1) {
            context.beginPath();
            if (split === "training") context.arc(across(places[0][i]), up(targets[i]), 3, 0, 2 * Math.PI);
            else context.rect(across(places[0][i]) - 3, up(targets[i]) - 3, 6, 6);
            context.globalAlpha = 0.75;
            context.fill();
        }
    }
    context.globalAlpha = 1;
    const values = tile
        ? Array.from(tile.bytes, (byte) => low + ((byte - 1) / 254) * (high - low))
        : run.array(place, "curve");
    context.beginPath();
    values.forEach((value, i) => {
        const x = box.left + (i / (values.length - 1)) * box.width;
        const y = Math.min(Math.max(up(isFinite(value) ? value : low), -1e4), 1e4);
        if (i) context.lineTo(x, y);
        else context.moveTo(x, y);
    });
    context.strokeStyle = tile ? css(theme.quiet) : css(theme.classes[2]);
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.stroke();
}

function drawAxes(context, box, facts, theme) {
    const [across, up] = facts.kind === "curve" ? [facts.axes[0], facts.range] : facts.axes;
    const [bottom, end] = [box.top + box.height, box.left + box.width];
    const quiet = { colour: css(theme.quiet), font: theme.font };
    write(context, number(across[0], 2), box.left, bottom + 12, quiet);
    write(context, facts.axisNames[0], (box.left + end) / 2, bottom + 12, { ...quiet, align: "center" });
    write(context, number(across[1], 2), end, bottom + 12, { ...quiet, align: "right" });
    write(context, number(up[1], 2), box.left - 4, box.top + 8, { ...quiet, align: "right" });
    write(context, number(up[0], 2), box.left - 4, bottom - 8, { ...quiet, align: "right" });
    context.save();
    context.translate(box.left - 14, (box.top + bottom) / 2);
    context.rotate(-Math.PI / 2);
    write(context, facts.kind === "curve" ? "target" : facts.axisNames[1], 0, 0, { ...quiet, align: "center" });
    context.restore();
}

// A unit's weights over the pixels of a picture: blue negative, orange positive.
function drawPixels(canvas, tile, theme) {
    const made = surface(canvas, theme);
    if (!made || !tile) return;
    const side = Math.min(made.width, made.height) - 12;
    const left = (made.width - side) / 2;
    made.context.imageSmoothingEnabled = false;
    made.context.drawImage(pictureOf("pixels", tile.bytes, tile.rows, tile.columns, theme.diverging, false), left, 6, side, side);
}
