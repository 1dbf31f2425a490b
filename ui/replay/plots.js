// Draws histograms and the gradient profile, layer by layer.

const DECADES = [-12, 2];

const powerOfTen = (power) => `1e${power}`;

function drawHistograms(canvas, run, place, name, theme) {
    const made = surface(canvas, theme);
    if (!made) return;
    const { context, width, height } = made;
    const layers = run.facts.layers.slice(1);
    const counts = run.array(place, name);
    const bins = counts.length / layers.length;
    const isWeights = name === "weight_counts";
    const reaches = run.array(place, "reach");
    const [left, right, bottom] = [30, width - 8, height - 20];
    const row = (bottom - 4) / layers.length;
    const quiet = { colour: css(theme.quiet), size: 10, font: theme.font };
    layers.forEach((layer, i) => {
        const base = 4 + (i + 1) * row;
        const share = isWeights ? reaches[i] / Math.max(run.reach, 1e-12) : 1;
        const from = isWeights ? (left + right) / 2 - (share * (right - left)) / 2 : left;
        const step = (share * (right - left)) / bins;
        context.fillStyle = css(isWeights ? theme.low : theme.high);
        for (let bin = 0; bin < bins; bin += 1) {
            const tall = (counts[i * bins + bin] / 255) * (row - 4);
            if (tall > 0) context.fillRect(from + bin * step, base - tall, Math.max(step - 0.5, 0.7), tall);
        }
        context.fillStyle = css(theme.grid);
        context.fillRect(left, base, right - left, 1);
        const isLast = i === layers.length - 1;
        write(context, isLast ? "out" : String(layer.number), left - 5, base - row / 2 + 2, { ...quiet, align: "right" });
    });
    const ends = isWeights
        ? [number(-run.reach, 2), "0", number(run.reach, 2)]
        : [powerOfTen(DECADES[0]), powerOfTen((DECADES[0] + DECADES[1]) / 2), powerOfTen(DECADES[1])];
    ends.forEach((text, i) => {
        write(context, text, left + (i / 2) * (right - left), bottom + 11, { ...quiet, align: ["left", "center", "right"][i] });
    });
}

function drawProfile(canvas, run, place, theme) {
    const made = surface(canvas, theme);
    if (!made) return;
    const { context, width, height } = made;
    const norms = run.array(place, "profile");
    const [lowest, highest] = run.span ?? [-1, 0];
    const [low, high] = [Math.floor(lowest - 0.05), Math.ceil(highest + 0.05)];
    const [left, right, top, bottom] = [38, width - 12, 8, height - 20];
    const quiet = { colour: css(theme.quiet), size: 10, font: theme.font };
    const up = (power) => bottom - ((power - low) / (high - low)) * (bottom - top);
    const every = Math.max(1, Math.ceil((high - low) / 6));
    for (let power = low; power <= high; power += every) {
        context.fillStyle = css(theme.grid);
        context.fillRect(left, up(power), right - left, 1);
        write(context, powerOfTen(power), left - 5, up(power), { ...quiet, align: "right" });
    }
    const across = (i) => (norms.length === 1 ? (left + right) / 2 : left + 8 + (i / (norms.length - 1)) * (right - left - 16));
    const points = Array.from(norms, (norm, i) => [across(i), norm > 0 && isFinite(norm) ? up(Math.log10(norm)) : bottom]);
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.strokeStyle = css(theme.high);
    context.lineWidth = 2;
    context.stroke();
    const skip = Math.ceil(norms.length / 12);
    points.forEach(([x, y], i) => {
        context.beginPath();
        context.arc(x, y, norms.length > 40 ? 1.5 : 4, 0, 2 * Math.PI);
        context.fillStyle = css(isFinite(norms[i]) ? theme.high : theme.wrong);
        context.fill();
        const isLast = i === norms.length - 1;
        if (isLast || (i % skip === 0 && norms.length - 1 - i >= skip)) {
            write(context, isLast ? "out" : String(i + 1), x, bottom + 11, { ...quiet, align: "center" });
        }
    });
}
