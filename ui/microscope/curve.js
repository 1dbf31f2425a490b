// The loss over the weight: where the neuron stands, its tangent, and where the step leads.

function drawCurve(canvas, header, at, theme) {
    const fitted = surface(canvas, theme);
    if (!fitted) return;
    const { context, width, height } = fitted;
    const { curve, steps } = header;
    const step = steps[at];
    const place = curvePlace(curve, steps, at, width, height);
    context.strokeStyle = css(theme.grid);
    context.lineWidth = 1;
    context.strokeRect(place.left, place.top, place.wide, place.tall);
    for (const value of place.ticks) {
        write(context, number(value), place.x(value), height - 20, { colour: css(theme.quiet), align: "center", size: 10.5, font: theme.font });
    }
    write(context, "weight w", place.left + place.wide / 2, height - 6, { colour: css(theme.quiet), align: "center", size: 11, font: theme.font });
    write(context, `loss, 0 to ${number(place.most)}`, place.left + 4, place.top + 10, { colour: css(theme.quiet), size: 11, font: theme.font });
    context.save();
    context.beginPath();
    context.rect(place.left, place.top, place.wide, place.tall);
    context.clip();
    line(context, curve.w.map((w, i) => [place.x(w), place.y(curve.loss[i])]), css(theme.text), 2);
    tangent(context, place, step, theme);
    // Where it has been: one faint point a step.
    steps.slice(0, at).forEach((each) => dot(context, place.x(each.w), place.y(each.loss), 3.5, css(theme.quiet)));
    arrow(context, place, step, theme);
    dot(context, place.x(step.w), place.y(step.loss), 6, theme.accent);
    context.restore();
}

function curvePlace(curve, steps, at, width, height) {
    const [low, high] = [curve.w[0], curve.w.at(-1)];
    const [left, top, wide, tall] = [10, 6, width - 20, height - 40];
    const most = Math.max(...curve.loss.filter(isFinite)) || 1;
    const x = (w) => left + ((w - low) / (high - low)) * wide;
    const y = (loss) => top + tall - 8 - (Math.min(loss, 10 * most) / most) * (tall - 26);
    const spread = high - low;
    const unit = 10 ** Math.floor(Math.log10(spread / 4));
    const apart = [1, 2, 5, 10].map((each) => each * unit).find((each) => spread / each <= 6);
    const ticks = [];
    for (let value = Math.ceil(low / apart) * apart; value <= high; value += apart) ticks.push(Number(value.toPrecision(6)));
    return { left, top, wide, tall, most, x, y, low, high, ticks };
}

function line(context, points, colour, thick, dash = []) {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
}

function dot(context, x, y, radius, colour) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
}

function tangent(context, place, { w, loss, gradient }, theme) {
    const reach = (place.high - place.low) * 0.22;
    const ends = [w - reach, w + reach].map((each) => [place.x(each), place.y(loss + gradient * (each - w))]);
    line(context, ends, css(theme.wrong), 2, [6, 4]);
    const isRight = gradient < 0;
    write(context, `slope ${number(gradient)}`, place.x(w) + (isRight ? 14 : -14), Math.max(place.y(loss) - 26, place.top + 24), {
        colour: css(theme.wrong), align: isRight ? "left" : "right", weight: "600", size: 12, font: theme.font,
    });
}

// The step along the axis of the weight: from w to the new w, under the curve.
function arrow(context, place, { w, w_new: next, change }, theme) {
    const y = place.top + place.tall - 6;
    const [from, to] = [place.x(w), place.x(next)];
    if (Math.abs(to - from) < 3) return;
    const way = Math.sign(to - from);
    line(context, [[from, place.y(0)], [from, y]], css(theme.quiet), 1, [2, 3]);
    line(context, [[from, y], [to, y]], theme.accent, 3);
    line(context, [[to - 7 * way, y - 4], [to, y], [to - 7 * way, y + 4]], theme.accent, 3);
    write(context, `${change > 0 ? "+" : ""}${number(change)}`, (from + to) / 2, y - 10, { colour: theme.accent, align: "center", weight: "600", size: 12, font: theme.font });
}
