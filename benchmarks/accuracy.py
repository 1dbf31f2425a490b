"""Our networks against scikit-learn's MLPClassifier: same data, split, sizes, epochs, batches and Adam."""

import argparse
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.training.model import initial_state
from engine.training.trainer import final_summary, train


@dataclass(frozen=True)
class Task:
    """One row of the table: what both programs train."""

    dataset: str
    settings: dict[str, Any]


COMMON = {"optimizer": "adam", "activation": "relu", "batch_size": 32}
TASKS = (
    Task("moons", {"samples": 1000, "hidden_sizes": [16, 16], "epochs": 100, "learning_rate": 0.01}),
    Task("circles", {"samples": 1000, "hidden_sizes": [16, 16], "epochs": 100, "learning_rate": 0.01}),
    Task("spiral", {"samples": 1000, "hidden_sizes": [32, 32], "epochs": 200, "learning_rate": 0.01}),
    Task("wine", {"hidden_sizes": [16], "epochs": 50, "learning_rate": 0.01}),
    Task("digits", {"hidden_sizes": [64], "epochs": 20, "learning_rate": 0.003}),
)


def our_accuracy(config: RunConfig, dataset: Dataset) -> float:
    """Return the accuracy of our network on all validation rows after the last epoch."""
    resolved = resolve(config, dataset.facts)
    state = initial_state(resolved, dataset)
    for _ in train(resolved, dataset, state):
        pass
    return float(final_summary(resolved, dataset, state)["val_accuracy"])


def their_accuracy(config: RunConfig, dataset: Dataset) -> float:
    """Return the same of MLPClassifier; nothing stops it early and nothing is added to its loss."""
    assert config.batch_size != "full" and config.activation in ("tanh", "relu")
    classifier: Any = MLPClassifier(
        config.hidden_sizes,
        activation=config.activation,
        solver="adam",
        alpha=0.0,
        batch_size=config.batch_size,
        learning_rate_init=config.learning_rate,
        max_iter=config.epochs,
        n_iter_no_change=config.epochs + 1,
        random_state=config.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(dataset.x_train, dataset.y_train)
    return float(classifier.score(dataset.x_val, dataset.y_val))


def compare(task: Task, seeds: int) -> str:
    """Return one line of the table; every seed draws its own data, split, weights and batches."""
    pairs = []
    for seed in range(seeds):
        values = {"dataset": task.dataset, **COMMON, **task.settings, "seed": seed, "data_seed": seed}
        config = parse_config(values)
        dataset = build_dataset(config)
        pairs.append((our_accuracy(config, dataset), their_accuracy(config, dataset)))
    ours, theirs = np.array(pairs).T * 100
    difference = ours - theirs
    error = difference.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else float("nan")
    sizes = "-".join(str(size) for size in task.settings["hidden_sizes"])
    return (
        f"| {task.dataset} | {sizes} | {task.settings['epochs']} | {ours.mean():.2f} | {theirs.mean():.2f} "
        f"| {difference.mean():+.2f} ± {error:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="seeds per dataset (default 10)")
    parser.add_argument("--datasets", nargs="*", help="only these datasets")
    options = parser.parse_args()
    print(
        f"Mean validation accuracy in %, {options.seeds} seeds; ± is the standard error of the difference.\n"
    )
    print("| dataset | hidden | epochs | ours | scikit-learn | difference in points |")
    print("|---|---|---|---|---|---|")
    for task in TASKS:
        if not options.datasets or task.dataset in options.datasets:
            print(compare(task, options.seeds), flush=True)


if __name__ == "__main__":
    main()
