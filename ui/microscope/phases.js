// The four phases of a step, by the name that calls have: what this program and what the textbook calls them.

const PHASES = [
    ["forward", "Predict", "forward pass"],
    ["loss", "Compare", "loss"],
    ["backward", "Trace back", "backward pass"],
    ["update", "Adjust", "update"],
];
