// Draws what one cell of the table of runs shows: text, a state, tags, a share or curves; text is never HTML.

const SVG = "http://www.w3.org/2000/svg";

function made(kind, name, text) {
    const element = document.createElement(kind);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
}

function drawn(kind, attributes) {
    const element = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
}

// Curves share one scale, 0 at the bottom to 99 at the top.
function curves(lines) {
    const picture = drawn("svg", { viewBox: "0 -4 100 108", preserveAspectRatio: "none", "aria-hidden": "true" });
    picture.classList.add("curves");
    for (const line of lines) {
        const points = line.map((y, place) => `${((100 * place) / (line.length - 1)).toFixed(1)},${99 - y}`);
        picture.append(drawn("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
    }
    picture.dataset.many = lines.length > 1;
    return picture;
}

function share(done) {
    const percent = `${Math.floor(100 * done)} %`;
    const [bar, filled] = [made("span", "share"), made("span", "filled")];
    filled.style.width = percent.replace(" ", "");
    bar.append(filled);
    return [bar, made("span", "percent", percent)];
}

function fill(cell, content) {
    const told = JSON.stringify(content);
    if (cell.told === told) return;
    cell.told = told;
    cell.removeAttribute("title");
    if (content === null) {
        cell.replaceChildren(made("span", "nothing", "–"));
    } else if (typeof content === "string") {
        cell.replaceChildren(content);
        cell.title = content;
    } else if (content.curves) {
        cell.replaceChildren(curves(content.curves));
    } else if (content.state !== undefined) {
        const dot = made("span", "dot");
        dot.dataset.state = content.state;
        cell.replaceChildren(dot, content.state + content.more);
    } else if (content.tags) {
        cell.replaceChildren(...content.tags.map((tag) => made("span", "tag", tag)));
        cell.title = content.tags.join(", ");
    } else {
        cell.replaceChildren(...share(content.done));
    }
}
