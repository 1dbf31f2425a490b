"""The summary of a run: losses and scores over all rows at its end."""

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.training.evaluation import columns, evaluate_all
from engine.training.model import trained_network
from engine.training.state import State


def final_summary(config: RunConfig, dataset: Dataset, state: State) -> dict[str, float | int]:
    """Return losses and scores at the state's weights over all rows of each split; a test may be absent."""
    network = trained_network(config, dataset, state.learned)
    name = dataset.score_name
    summary: dict[str, float | int] = {"steps": state.step, "seconds": state.seconds}
    with np.errstate(all="ignore"):
        for split, x, y in (
            ("train", dataset.x_train, dataset.y_train),
            ("val", dataset.x_val, dataset.y_val),
            ("test", dataset.x_test, dataset.y_test),
        ):
            if len(x):
                loss, score = evaluate_all(network, columns(config, dataset, x, y))
                summary |= {f"{split}_loss": loss, f"{split}_{name}": score}
    return summary
