"""What simple methods reach on the same split as a network: what its score is compared with."""

import warnings
from typing import Any

import numpy as np

from engine.data.dataset import Dataset

SEED = 0


def compute_baselines(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return by method the scores on the held-out rows: accuracy for classes, R² for values.

    ``majority`` (``mean`` for values) always gives the training rows' most frequent class or mean;
    ``linear`` is logistic or ridge regression; ``gradient boosting`` is scikit-learn's histogram version.
    Several targets are each learned alone by the boosting, and R² is the mean of theirs. All with
    scikit-learn's own settings, trained on the training rows as the network sees them.

    Returns
    -------
    dict
        For each method ``val`` and, with test rows, ``test``; JSON-able.
    """
    splits = {"val": (dataset.x_val, dataset.y_val)}
    if len(dataset.x_test):
        splits["test"] = (dataset.x_test, dataset.y_test)
    scores = {}
    for name, model in _models(dataset).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not converged: the score says it all
            model.fit(dataset.x_train, _one_column(dataset.y_train))
            scores[name] = {split: float(model.score(x, _one_column(y))) for split, (x, y) in splits.items()}
    return scores


def _models(dataset: Dataset) -> dict[str, Any]:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multioutput import MultiOutputRegressor

    if dataset.task == "regression":
        boosting: Any = HistGradientBoostingRegressor(random_state=SEED)
        if dataset.target_names:
            boosting = MultiOutputRegressor(boosting)
        return {
            "mean": DummyRegressor(),
            "linear": Ridge(),
            "gradient boosting": boosting,
        }
    majority = DummyClassifier(strategy="most_frequent")
    if len(np.unique(dataset.y_train)) < 2:
        return {"majority": majority}
    return {
        "majority": majority,
        "linear": LogisticRegression(max_iter=1000),
        "gradient boosting": HistGradientBoostingClassifier(random_state=SEED),
    }


def _one_column(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
