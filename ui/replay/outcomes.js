// Draws what a network makes of the validation rows where its inputs fill no plane.

function drawOutcome(canvas, run, frame, theme) {
    const made = surface(canvas, theme);
    if (!made) return;
    if (run.facts.outcome === "confusion") drawConfusion(made, run, run.array(frame, "confusion"), theme);
    else if (run.facts.outcome === "predictions") drawPredictions(made, run, run.array(frame, "predicted"), theme);
}

const shortened = (name, limit) => (name.length > limit ? `${name.slice(0, limit - 1)}…` : name);

// Rows are the true classes, columns what they are taken for; the darker, the larger the share of its row.
function drawConfusion({ context, width, height }, { facts }, counts, theme) {
    const names = facts.classNames;
    const quiet = { colour: css(theme.quiet), size: 10, font: theme.font };
    const room = Math.min(78, 22 + 5.5 * Math.max(...names.map((name) => Math.min(name.length, 10))));
    const side = Math.max(4, Math.min((width - room - 8) / names.length, (height - 44) / names.length));
    const [left, top] = [room, 8];
    const every = Math.ceil(12 / side);
    names.forEach((name, row) => {
        const total = counts.subarray(row * names.length, (row + 1) * names.length).reduce((a, b) => a + b, 0);
        names.forEach((_, column) => {
            const count = counts[row * names.length + column];
            const share = total ? count / total : 0;
            const [x, y] = [left + column * side, top + row * side];
            context.fillStyle = css(mixed(theme.middle, row === column ? theme.low : theme.wrong, 0.9 * Math.sqrt(share)));
            context.fillRect(x + 0.5, y + 0.5, side - 1, side - 1);
            if (count && side >= 18) {
                const colour = css(share > 0.35 ? theme.page : theme.text);
                write(context, String(count), x + side / 2, y + side / 2, { colour, align: "center", size: Math.min(12, side / 2.4), font: theme.font });
            }
        });
        if (row % every) return;
        write(context, shortened(name, 10), left - 5, top + (row + 0.5) * side, { ...quiet, align: "right" });
        const limit = Math.max(1, Math.floor(side / 6));
        write(context, shortened(name, limit), left + (row + 0.5) * side, top + names.length * side + 10, { ...quiet, align: "center" });
    });
    write(context, "predicted class", left + (names.length * side) / 2, top + names.length * side + 26, { ...quiet, align: "center" });
    turned(context, 8, top + (names.length * side) / 2, "true class", quiet);
}

function turned(context, x, y, text, style) {
    context.save();
    context.translate(x, y);
    context.rotate(-Math.PI / 2);
    write(context, text, 0, 0, { ...style, align: "center" });
    context.restore();
}

// Each point is a row: its true value to the right, its predicted one upwards; on the line both are equal.
function drawPredictions({ context, width, height }, { facts }, predicted, theme) {
    const side = Math.min(width - 60, height - 40);
    const [left, top] = [44, 6];
    const { truth } = facts;
    const [low, high] = truth.length ? [Math.min(...truth), Math.max(...truth)] : [0, 1];
    const room = 0.06 * (high - low || 1);
    const share = (value) => (value - low + room) / (high - low + 2 * room);
    const up = (value) => top + side * (1 - Math.min(Math.max(share(value), 0), 1));
    context.fillStyle = css(theme.middle);
    context.beginPath();
    context.roundRect(left, top, side, side, 6);
    context.fill();
    context.beginPath();
    context.moveTo(left, top + side);
    context.lineTo(left + side, top);
    context.strokeStyle = css(theme.quiet);
    context.lineWidth = 1;
    context.setLineDash([4, 4]);
    context.stroke();
    context.setLineDash([]);
    truth.forEach((value, row) => {
        if (!isFinite(predicted[row])) return;
        const isOutside = share(predicted[row]) < 0 || share(predicted[row]) > 1;
        context.beginPath();
        context.arc(left + side * share(value), up(predicted[row]), 3, 0, 2 * Math.PI);
        context.fillStyle = css(isOutside ? theme.wrong : theme.low);
        context.globalAlpha = 0.75;
        context.fill();
    });
    context.globalAlpha = 1;
    const quiet = { colour: css(theme.quiet), size: 10, font: theme.font };
    write(context, number(low), left, top + side + 10, quiet);
    write(context, number(high), left + side, top + side + 10, { ...quiet, align: "right" });
    write(context, `true ${shortened(facts.targetName, 20)}`, left + side / 2, top + side + 10, { ...quiet, align: "center" });
    write(context, number(high), left - 4, top + 8, { ...quiet, align: "right" });
    write(context, number(low), left - 4, top + side - 8, { ...quiet, align: "right" });
    turned(context, left - 14, top + side / 2, "predicted", quiet);
}

function describeOutcome(run, frame) {
    const { outcome, classNames, counted, validationRows, truth } = run.facts;
    if (outcome === "confusion") {
        const counts = run.array(frame, "confusion");
        const right = classNames.reduce((sum, _, i) => sum + counts[i * classNames.length + i], 0);
        const rows = counted < validationRows ? `the first ${counted} validation rows` : `${counted} validation rows`;
        return `${right} of ${rows} are classified correctly (diagonal).`;
    }
    if (outcome === "predictions") {
        const part = truth.length < validationRows ? `the first ${truth.length} of ${validationRows}` : `all ${truth.length}`;
        return `Validation rows (${part}): on the dashed line the prediction is exact; red lies outside the range.`;
    }
    return "";
}
