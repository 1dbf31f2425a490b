// Lays framed charts out side by side and hands each its message.
//
// A message is framed as a chart's is. Its header lists the cards, each with a title, a sentence and its charts; a
// chart is named by its key and the serial of its newest message, which follows among the bytes as long as the
// browser may not have got it.

const CARDS_REST_SECONDS = 3;
const grids = new Map();

function mountGrid(box) {
    const grid = { box, data: null, plan: "", charts: new Map(), cards: [] };
    grid.leave = () => {
        grids.delete(box);
        for (const chart of grid.charts.values()) chart.leave();
    };
    grids.set(box, grid);
    return grid;
}

const planOf = (cards) => cards.map((card) => card.charts.map((chart) => chart.key));

// Returns the grid of a place. Streamlit can take one off the page and put another in its stead at once, when a part
// of the page and the whole of it are drawn at the same time: where it has the same charts, it is the one that was
// there, with its zoom and what was hidden.
function gridAt(root, cards) {
    const box = root.querySelector(".live-cards");
    if (grids.has(box)) return grids.get(box);
    const plan = JSON.stringify(planOf(cards));
    const resting = [...grids.values()].find((grid) => !grid.box.isConnected && grid.plan === plan);
    if (!resting) return mountGrid(box);
    box.replaceWith(resting.box);
    return resting;
}

function element(kind, name) {
    const made = document.createElement(kind);
    made.className = name;
    return made;
}

// Builds the cards anew when there are others than before; charts that stay are moved, not made again.
function arrange(grid, cards) {
    const plan = planOf(cards);
    if (JSON.stringify(plan) === grid.plan) return;
    grid.plan = JSON.stringify(plan);
    const kept = new Set(plan.flat());
    for (const [key, chart] of grid.charts) {
        if (kept.has(key)) continue;
        chart.leave();
        grid.charts.delete(key);
    }
    grid.cards = plan.map((keys) => {
        const [frame, title, sentence] = [element("section", "card"), element("p", "title"), element("p", "sentence")];
        for (const key of keys) if (!grid.charts.has(key)) grid.charts.set(key, mountChart(key));
        frame.append(title, ...keys.map((key) => grid.charts.get(key).box), sentence);
        return { frame, title, sentence };
    });
    grid.box.replaceChildren(...grid.cards.map((card) => card.frame));
}

function write(place, text) {
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
}

// Returns the charts to draw, and whether one of them builds on something that never arrived here.
function takeAll(grid, bytes, cards) {
    const fresh = [];
    let isIncomplete = false;
    for (const { key, serial, offset, size } of cards.flatMap((card) => card.charts)) {
        const chart = grid.charts.get(key);
        if (size && take(chart, bytes(offset, size))) fresh.push(chart);
        isIncomplete ||= chart.header?.serial !== serial;
    }
    return { fresh, isIncomplete };
}

export default function ({ data, parentElement, setTriggerValue }) {
    const { header, numbers } = decode(data);
    if (!header.cards) {
        loadPlotly(header.plotly).catch(() => {});
        return;
    }
    const grid = gridAt(parentElement, header.cards);
    // The same data again: something else changed, such as the theme, and everything is drawn anew.
    let fresh = [...grid.charts.values()];
    if (grid.data !== data) {
        arrange(grid, header.cards);
        grid.box.style.setProperty("--wide", header.wide);
        let isWhole = true;
        header.cards.forEach((card, place) => {
            write(grid.cards[place].title, card.title);
            write(grid.cards[place].sentence, card.sentence);
            const remove = (group) => setTriggerValue("removed", group);
            isWhole = equip(grid.cards[place], card, grid.charts, remove) && isWhole;
        });
        const taken = takeAll(grid, (offset, size) => numbers("u1", offset, size), header.cards);
        fresh = taken.fresh;
        if (taken.isIncomplete || !isWhole) setTriggerValue("resend", true);
        grid.data = data;
    }
    loadPlotly(header.plotly).then(
        () => fresh.forEach((chart) => chart.left || draw(chart)),
        () => setTriggerValue("failed", true),
    );
    return () => setTimeout(() => grid.box.isConnected || grid.leave(), 1000 * CARDS_REST_SECONDS);
}
