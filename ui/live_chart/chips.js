// Chips above a card's charts, in place of legends: what is shown, by the names that tell it apart.

const GLYPHS = {
    circle: "●", diamond: "◆", square: "■", "triangle-up": "▲", star: "★", "triangle-down": "▼", cross: "✚",
};
const FAINT = 0.12;

// The room beside a chart where there is width for it, else below it.
function besideChart(chart) {
    if (!chart.beside) {
        chart.beside = element("aside", "beside-chart");
        chart.box.classList.add("has-beside");
        chart.box.append(chart.beside);
    }
    return chart.beside;
}

// Lets the lines of one group stand out while the pointer rests on what names it.
function highlight(chart, group) {
    for (const trace of chart.div._fullData ?? []) {
        const drawn = trace.uid && chart.div.querySelector(`.scatterlayer .trace${CSS.escape(trace.uid)}`);
        if (drawn) drawn.style.opacity = group === null || trace.legendgroup === group ? trace.opacity ?? 1 : FAINT;
    }
}

class Chips {
    constructor(card, charts) {
        this.box = element("div", "chips");
        this.settings = element("table", "settings");
        this.charts = charts;
        card.title.after(this.box);
        for (const chart of charts) {
            chart.hidden ??= new Set();
            if (chart.isChipped) continue;
            chart.isChipped = true;
            chart.dressing.push((data, layout) => this.dress(chart, data, layout));
        }
        const beside = besideChart(charts[0]);
        beside.querySelector(".settings")?.remove();
        beside.append(this.settings);
    }

    dress(chart, data, layout) {
        layout.showlegend = false;
        layout.margin = { ...layout.margin, t: 12 };
        for (const trace of data) if (chart.hidden.has(trace.legendgroup)) trace.visible = false;
    }

    write(chips, key) {
        const isAlone = chips.length < 2;
        const note = element("span", "key");
        note.textContent = key;
        this.box.replaceChildren(...chips.map((chip) => this.chip(chip, isAlone)), note);
        this.writeSettings(chips);
    }

    chip({ group, colour, symbol, number, text, note, about }, isAlone) {
        const [chip, show, mark] = [element("span", "chip"), element("button", "show"), element("i", "mark")];
        show.type = "button";
        show.title = about;
        mark.textContent = GLYPHS[symbol] ?? GLYPHS.circle;
        mark.style.color = colour;
        chip.style.setProperty("--colour", colour);
        const part = (name, content) => {
            const made = element("span", name);
            made.textContent = content;
            return made;
        };
        const named = [part("number", number), part("text", text), part("note", note)];
        show.append(mark, ...named.filter((each) => each.textContent));
        const state = () => {
            const isHidden = this.charts[0].hidden.has(group);
            chip.classList.toggle("off", isHidden);
            show.setAttribute("aria-pressed", String(!isHidden));
        };
        show.addEventListener("click", () => {
            for (const { hidden } of this.charts) if (!hidden.delete(group)) hidden.add(group);
            state();
            this.charts.forEach(draw);
        });
        chip.addEventListener("pointerenter", () => this.charts.forEach((chart) => highlight(chart, group)));
        chip.addEventListener("pointerleave", () => this.charts.forEach((chart) => highlight(chart, null)));
        state();
        chip.append(show);
        if (!isAlone) chip.append(this.cross(group, `${number} ${text}`.trim()));
        return chip;
    }

    cross(group, name) {
        const cross = element("button", "remove");
        cross.type = "button";
        cross.textContent = "×";
        cross.title = `Remove ${name} from the comparison`;
        cross.setAttribute("aria-label", cross.title);
        cross.addEventListener("click", () => this.remove(group));
        return cross;
    }

    // The settings that differ, a row for each chip; a single one is in its name already.
    writeSettings(chips) {
        const names = [...new Set(chips.flatMap((chip) => Object.keys(chip.settings)))];
        const row = (kind, cells) => {
            const line = element("tr", "");
            line.append(...cells.map((content) => {
                const cell = document.createElement(kind);
                cell.append(content);
                return cell;
            }));
            return line;
        };
        const marked = (chip) => {
            const title = element("span", "");
            const mark = element("i", "mark");
            mark.textContent = GLYPHS[chip.symbol] ?? GLYPHS.circle;
            mark.style.color = chip.colour;
            title.append(mark, chip.number);
            return title;
        };
        this.settings.hidden = names.length < 2;
        this.settings.replaceChildren(
            row("th", ["", ...names]),
            ...chips.map((chip) => row("td", [marked(chip), ...names.map((name) => chip.settings[name] ?? "–")])),
        );
    }
}

// Gives a card what it was sent beside its charts: chips, and cursors for those that ask for one. Returns whether all
// of it is here: chips that stay the same are named by their key only.
function equip(card, sent, charts, remove) {
    const shown = sent.charts.map(({ key }) => charts.get(key));
    sent.charts.forEach(({ cursor }, place) => {
        if (cursor) shown[place].pointer ??= cursor === "values" ? new ChartValues(shown[place]) : new LinkedCursor(shown[place]);
    });
    if (!sent.chipsKey) return true;
    const chips = (card.chips ??= new Chips(card, shown));
    chips.remove = remove;
    if (sent.chips && chips.held !== sent.chipsKey) {
        chips.write(sent.chips, sent.key);
        chips.held = sent.chipsKey;
    }
    return chips.held === sent.chipsKey;
}
