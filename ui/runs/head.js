// The headers of the table of runs: a click sorts, a drag or Alt with an arrow key moves a column.

function sortBy(table, column) {
    const isSame = table.view.sort === column.name;
    table.view.sort = column.name;
    table.view.descending = isSame ? !table.view.descending : column.descends;
    markOrder(table);
    send(table, "view");
}

function markOrder(table) {
    for (const [name, head] of table.heads) {
        const isSorted = name === table.view.sort;
        const order = table.view.descending ? "descending" : "ascending";
        if (isSorted) head.setAttribute("aria-sort", order);
        else head.removeAttribute("aria-sort");
        head.dataset.order = isSorted ? order : "";
    }
}

// The first column, the run's number, stays where it is.
function move(table, name, place) {
    const names = table.columns.map((column) => column.name);
    const from = names.indexOf(name);
    const to = Math.max(1, Math.min(names.length - 1, place));
    if (from < 1 || from === to) return;
    names.splice(to, 0, names.splice(from, 1)[0]);
    table.refocus = name;
    table.send("columns", { columns: names.slice(1) });
}

function draggable(table, head, name) {
    head.draggable = true;
    head.addEventListener("dragstart", (event) => {
        table.dragged = name;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", name);
    });
    head.addEventListener("dragend", () => {
        table.dragged = null;
        for (const each of table.heads.values()) delete each.dataset.drop;
    });
}

// Where a column would land when it is dropped on a header: before it or behind it.
function landing(table, head, name, event) {
    const names = table.columns.map((column) => column.name);
    const [from, over] = [names.indexOf(table.dragged), names.indexOf(name)];
    const box = head.getBoundingClientRect();
    const isBehind = event.clientX > box.left + box.width / 2 || over === 0;
    const place = over + (isBehind ? 1 : 0);
    return { isBehind, place: from < place ? place - 1 : place };
}

function target(table, head, name) {
    head.addEventListener("dragover", (event) => {
        if (!table.dragged) return;
        event.preventDefault();
        for (const each of table.heads.values()) delete each.dataset.drop;
        head.dataset.drop = landing(table, head, name, event).isBehind ? "behind" : "before";
    });
    head.addEventListener("drop", (event) => {
        event.preventDefault();
        if (table.dragged) move(table, table.dragged, landing(table, head, name, event).place);
    });
}

// No button element: Firefox would not let it be dragged.
function header(table, column) {
    const [head, label] = [made("th", column.number ? "number" : ""), made("span", "sort", column.title)];
    head.scope = "col";
    head.title = column.help;
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    head.append(label);
    if (column.sorts) label.addEventListener("click", () => sortBy(table, column));
    label.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.altKey && step) {
            move(table, column.name, table.columns.findIndex((each) => each.name === column.name) + step);
        } else if (column.sorts && (event.key === "Enter" || event.key === " ")) {
            sortBy(table, column);
        } else {
            return;
        }
        event.preventDefault();
    });
    target(table, head, column.name);
    if (column.name !== table.columns[0].name) draggable(table, head, column.name);
    return head;
}

// Builds the headers anew when there are other columns than before, or in another order.
function arrangeHead(table) {
    const plan = JSON.stringify(table.columns);
    if (plan !== table.plan) {
        const added = table.columns.filter((column) => !table.heads.has(column.name));
        const isFirst = table.heads.size === 0;
        table.plan = plan;
        table.heads = new Map(table.columns.map((column) => [column.name, header(table, column)]));
        table.head.replaceChildren(table.corner, ...table.heads.values());
        table.heads.get(table.refocus)?.querySelector(".sort")?.focus();
        table.refocus = null;
        if (!isFirst && added.length === 1) table.shown = added[0].name;
    }
    markOrder(table);
}
