// Shows one run in the player: its panels and one sentence.

class View {
    constructor(run, player, isOneOfTwo) {
        this.run = run;
        const box = made("section", "replay-run", player.runBox);
        if (isOneOfTwo) made("div", "replay-title", box, { textContent: run.title }).style.borderColor = run.colour;
        const top = made("div", "replay-top", box);
        this.picture = new PicturePanel(top, run, player);
        this.network = new NetworkPanel(top, run, player);
        this.details = new DetailPanels(made("div", "replay-low", box), run);
        this.sentence = made("p", "replay-sentence", box);
    }

    draw(frame, state, theme) {
        this.picture.draw(frame, state, theme);
        this.network.draw(frame, state, theme);
        this.details.draw(frame, theme);
        this.sentence.textContent = describeFrame(this.run, frame);
    }
}

function describeFrame(run, frame) {
    const { facts } = run;
    const [trainLoss, trainScore, valLoss, valScore] = run.array(frame, "measures");
    const isShare = facts.score === "accuracy";
    const score = (value) => (isShare ? `${(100 * value).toFixed(1)} %` : number(value));
    const parts = [
        `Training loss ${number(trainLoss)}, validation loss ${number(valLoss)}; ${isShare ? "accuracy" : "R²"} ${score(trainScore)} and ${score(valScore)}.`,
    ];
    if (facts.kind === "classes") parts.push(countMissed(run, frame));
    const norms = run.array(frame, "profile");
    const [first, last] = [norms[0], norms.at(-1)];
    if (norms.length > 1 && last > 0 && isFinite(first / last)) {
        parts.push(`Gradient of layer 1: ${number(first / last, 2)} times that of the output layer.`);
    }
    return parts.join(" ");
}

function countMissed(run, frame) {
    const missed = run.missed(frame);
    let index = 0;
    const counts = run.facts.points.map(({ split, targets }) => {
        let count = 0;
        for (let i = 0; i < targets.length; i += 1, index += 1) count += missed(index);
        return `${count} of ${targets.length} ${split}`;
    });
    return `Misclassified (ringed): ${counts.join(" and ")} points.`;
}
