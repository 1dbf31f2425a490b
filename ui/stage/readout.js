// The numbers of the moment that is shown: one line of all, and a small table beside the cursor of the loss.

const NUMBERS = [
    ["trainLoss", "Training loss", "On the training rows, without dropout."],
    ["valLoss", "Validation loss", "On rows that the network does not train on."],
    ["gap", "Gap", "Validation loss minus training loss. Rising above 0: overfitting."],
    ["score", "", "On training and on validation rows."],
    ["gradNorm", "Gradient norm", "Norm of the whole gradient, before clipping."],
    ["updateRatio", "Update ratio", "Norm of the update over norm of the weights"],
    ["rate", "Learning rate", "Of the update that led here."],
];

// What is known of a frame: measured on its weights, and recorded at its step.
function numbersAt(run, frame) {
    const [trainLoss, trainScore, valLoss, valScore] = run.array(frame, "measures");
    const [, rate, gradNorm, updateRatio] = run.records[frame] ?? [];
    const isShare = run.facts.score === "accuracy";
    const score = (value) => (isShare && isFinite(value) ? `${(100 * value).toFixed(1)} %` : number(value));
    const known = (value) => (value === null || value === undefined ? "–" : number(value));
    return {
        trainLoss: number(trainLoss),
        valLoss: number(valLoss),
        gap: number(valLoss - trainLoss),
        score: `${score(trainScore)} / ${score(valScore)}`,
        scoreName: isShare ? "Accuracy" : "R²",
        gradNorm: known(gradNorm),
        updateRatio: known(updateRatio),
        rate: known(rate),
    };
}

const explanations = Object.fromEntries(NUMBERS.map(([name, , explained]) => [name, explained]));

class NumbersLine {
    constructor(parent) {
        const list = made("dl", "stage-numbers", parent);
        this.places = NUMBERS.map(([name, title, explained]) => {
            const pair = made("div", "", list, { title: explained });
            pair.dataset.name = name;
            return [name, made("dt", "", pair, { textContent: title }), made("dd", "", pair, { textContent: "–" })];
        });
    }

    draw(found, goodRatio) {
        for (const [name, title, value] of this.places) {
            if (name === "updateRatio") title.parentElement.title = `${explanations[name]}: ${goodRatio} is good.`;
            if (name === "score") title.textContent = found.scoreName;
            value.textContent = found[name];
        }
    }
}

// Beside the cursor, on the side where there is room.
class CursorTable {
    constructor(box) {
        this.table = made("table", "stage-readout", box);
        this.table.hidden = true;
    }

    hide() {
        this.table.hidden = true;
    }

    draw(area, across, found, when) {
        this.table.hidden = !(across >= 0 && across <= area.width);
        if (this.table.hidden) return;
        const rows = [["", when], ["training", found.trainLoss], ["validation", found.valLoss], ["gap", found.gap]];
        const text = JSON.stringify(rows);
        if (text !== this.text) {
            this.text = text;
            this.table.replaceChildren();
            for (const [name, value] of rows) {
                const row = made("tr", "", this.table);
                made("th", "", row, { textContent: name });
                made("td", "", row, { textContent: value });
            }
        }
        const isLeft = across > area.width / 2;
        this.table.style.left = `${area.left + across + (isLeft ? -8 : 8)}px`;
        this.table.style.top = `${area.top + 4}px`;
        this.table.style.transform = isLeft ? "translateX(-100%)" : "none";
    }
}
