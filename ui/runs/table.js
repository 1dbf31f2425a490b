// The table of runs: rows that are selected, groups that open, kept over every message of the server.
//
// What a person has just done is shown at once; a message that left the server before it knew of that carries an
// older serial, and leaves order, selection and open groups as they are here.

const tables = new WeakMap();

function mountTable(root) {
    const box = root.querySelector(".runs-table");
    const [grid, head, body] = [made("table"), made("tr"), made("tbody")];
    const [thead, corner, all] = [made("thead"), made("th", "pick"), made("input")];
    all.type = "checkbox";
    all.setAttribute("aria-label", "Select all rows shown");
    corner.append(all);
    thead.append(head);
    grid.append(thead, body);
    grid.setAttribute("role", "treegrid");
    grid.setAttribute("aria-multiselectable", "true");
    grid.setAttribute("aria-label", "Runs");
    box.replaceChildren(grid);
    const table = { box, head, body, corner, all, rows: new Map(), heads: new Map(), lines: [], columns: [] };
    Object.assign(table, { serial: 0, picked: new Set(), view: { sort: "", descending: true, open: new Set() } });
    all.addEventListener("change", () => pick(table, table.lines, all.checked));
    body.addEventListener("keydown", (event) => steer(table, event));
    table.leave = () => tables.delete(root);
    tables.set(root, table);
    return table;
}

function send(table, event) {
    table.serial += 1;
    const serial = table.serial;
    if (event === "view") {
        const { sort, descending, open } = table.view;
        table.send("view", { serial, sort, descending, open: [...open] });
    } else {
        const listed = [...new Set(table.lines.flatMap((line) => line.runs))];
        table.send("select", { serial, listed, picked: listed.filter((run) => table.picked.has(run)) });
    }
}

function pick(table, lines, isPicked) {
    for (const run of lines.flatMap((line) => line.runs)) {
        if (isPicked) table.picked.add(run);
        else table.picked.delete(run);
    }
    markPicked(table);
    send(table, "select");
}

function toggle(table, line, event) {
    const isPicked = !line.runs.every((run) => table.picked.has(run));
    const [from, to] = [table.lines.findIndex((each) => each.key === table.last), table.lines.indexOf(line)];
    const isRange = event.shiftKey && from >= 0;
    table.last = line.key;
    pick(table, isRange ? table.lines.slice(Math.min(from, to), Math.max(from, to) + 1) : [line], isPicked);
}

function open(table, line, isOpen) {
    for (const run of line.runs) table.view.open.delete(run);
    if (isOpen) table.view.open.add(Math.min(...line.runs));
    line.open = isOpen;
    table.rows.get(line.key).setAttribute("aria-expanded", isOpen);
    send(table, "view");
}

function markPicked(table) {
    const count = (line) => line.runs.filter((run) => table.picked.has(run)).length;
    for (const line of table.lines) {
        const row = table.rows.get(line.key);
        const picked = count(line);
        row.box.checked = picked === line.runs.length;
        row.box.indeterminate = picked > 0 && !row.box.checked;
        row.setAttribute("aria-selected", row.box.checked);
    }
    const full = table.lines.filter((line) => count(line) === line.runs.length).length;
    table.all.checked = full > 0 && full === table.lines.length;
    table.all.indeterminate = !table.all.checked && table.lines.some((line) => count(line) > 0);
}

// One row is in the order of tabs; arrows go on from there.
function goTo(table, row) {
    if (!row) return;
    for (const each of table.rows.values()) each.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
}

function steer(table, event) {
    const row = event.target.closest("tr");
    const line = table.rows.get(row?.dataset.key)?.line;
    if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
    const isGroup = line.runs.length > 1;
    const steps = {
        ArrowDown: () => goTo(table, row.nextElementSibling),
        ArrowUp: () => goTo(table, row.previousElementSibling),
        Home: () => goTo(table, table.body.firstElementChild),
        End: () => goTo(table, table.body.lastElementChild),
        ArrowRight: () => isGroup && !line.open && open(table, line, true),
        ArrowLeft: () => isGroup && line.open && open(table, line, false),
        " ": () => toggle(table, line, event),
        Enter: () => (isGroup ? open(table, line, !line.open) : toggle(table, line, event)),
    };
    if (!steps[event.key]) return;
    event.preventDefault();
    steps[event.key]();
}

function mountRow(table) {
    const [row, cell, box] = [made("tr"), made("td", "pick"), made("input")];
    box.type = "checkbox";
    box.tabIndex = -1;
    cell.append(box);
    row.append(cell);
    Object.assign(row, { box, contents: [], tabIndex: -1 });
    row.addEventListener("click", (event) => {
        if (event.target.closest(".open")) open(table, row.line, !row.line.open);
        else if (!getSelection().toString()) toggle(table, row.line, event);
    });
    // A range is selected by Shift, not its text.
    row.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    row.addEventListener("focus", () => goTo(table, row));
    return row;
}

function lead(cell, line) {
    const mark = line.best ? made("span", "best", "★") : "";
    if (mark) {
        mark.title = line.best;
        mark.setAttribute("role", "img");
        mark.setAttribute("aria-label", line.best);
    }
    const number = made("span", "", line.cells[0]);
    if (line.runs.length === 1) {
        cell.replaceChildren(number, mark);
        return;
    }
    const button = made("button", "open");
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-label", `Show or hide the ${line.cells[0]}`);
    cell.replaceChildren(button, number, mark);
}

function drawRow(table, row, line) {
    row.line = line;
    row.dataset.key = line.key;
    row.setAttribute("aria-level", line.level);
    if (line.runs.length > 1) row.setAttribute("aria-expanded", line.open);
    const name = line.runs.length > 1 ? `runs ${line.runs.join(", ")}` : `run ${line.runs[0]}`;
    row.box.setAttribute("aria-label", `Select ${name}`);
    while (row.contents.length > table.columns.length) row.contents.pop().remove();
    while (row.contents.length < table.columns.length) {
        row.contents.push(made("td"));
        row.append(row.contents.at(-1));
    }
    table.columns.forEach((column, place) => {
        const cell = row.contents[place];
        cell.className = [column.number ? "number" : "", place ? "" : "lead"].join(" ").trim();
        if (place) {
            fill(cell, line.cells[place]);
            return;
        }
        const told = JSON.stringify([line.cells[0], line.best, line.runs.length > 1]);
        if (cell.told !== told) lead(cell, line);
        cell.told = told;
    });
}

// Rows that stay are moved, not made again: the row in focus keeps it.
function arrangeRows(table) {
    const focused = document.activeElement?.closest?.("tr")?.dataset.key;
    const kept = new Set(table.lines.map((line) => line.key));
    for (const [key, row] of table.rows) {
        if (kept.has(key)) continue;
        row.remove();
        table.rows.delete(key);
    }
    table.lines.forEach((line, place) => {
        const row = table.rows.get(line.key) ?? mountRow(table);
        table.rows.set(line.key, row);
        drawRow(table, row, line);
        if (table.body.children[place] !== row) table.body.insertBefore(row, table.body.children[place] ?? null);
    });
    const rows = [...table.rows.values()];
    if (rows.length && !rows.some((row) => row.tabIndex === 0)) table.body.firstElementChild.tabIndex = 0;
    const again = table.rows.get(focused);
    if (again && !again.contains(document.activeElement)) again.focus({ preventScroll: true });
}

function take(table, data) {
    table.box.style.height = `${data.height}px`;
    const isCurrent = data.serial >= table.serial;
    table.columns = data.columns;
    table.lines = data.lines;
    if (isCurrent) {
        table.serial = data.serial;
        table.picked = new Set(data.lines.flatMap((line) => line.selected));
        table.view = { sort: data.sort, descending: data.descending, open: new Set(data.open) };
    }
    arrangeHead(table);
    arrangeRows(table);
    markPicked(table);
    // A column that was just chosen comes into sight.
    const shown = table.heads.get(table.shown);
    if (shown) table.box.scrollLeft = shown.offsetLeft;
    table.shown = null;
}

export default function ({ data, parentElement, setTriggerValue }) {
    const table = tables.get(parentElement) ?? mountTable(parentElement);
    table.send = setTriggerValue;
    if (table.data !== data) {
        table.data = data;
        take(table, data);
    }
    return table.leave;
}
