"""Real tables that scikit-learn carries, kept as .npz because importing it takes 3 s."""

import contextlib
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from engine.config.data import BUNDLED_ROWS, REGRESSION_DATASETS
from engine.paths import DATASETS

CACHE_VARIABLE = "BACKPROP_LAB_CACHE"
Names = tuple[str, ...]
Table = tuple[np.ndarray, np.ndarray, Names, Names, Names]


def cache_folder() -> Path:
    """Return the folder of the kept tables: $BACKPROP_LAB_CACHE, or .lab/datasets beside the program."""
    return Path(os.environ.get(CACHE_VARIABLE) or DATASETS)


def bundled(name: str) -> Table:
    """Return ``x (n, f)``, targets and names of one of scikit-learn's tables.

    Targets are labels ``(n,)``, or values ``(n, outputs)`` for ``diabetes`` and ``linnerud``. The names are
    those of features, of classes (none for values) and of outputs (only where there are several).

    A kept file that is damaged or of another table is made anew; a folder that cannot be written to costs
    the import of scikit-learn each time and nothing else.
    """
    path = cache_folder() / f"{name}.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return _from_arrays(name, dict(kept))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        arrays = _from_sklearn(name)
        with contextlib.suppress(OSError):
            _keep(path, arrays)
        return _from_arrays(name, arrays)


def _from_arrays(name: str, arrays: dict[str, np.ndarray]) -> Table:
    rows = BUNDLED_ROWS[name]
    if arrays["x"].shape != (rows, len(arrays["features"])) or len(arrays["y"]) != rows:
        raise ValueError(f"the kept table {name} must have {rows} rows, got shape {arrays['x'].shape}")
    features, classes, targets = (
        tuple(str(each) for each in arrays.get(kind, ())) for kind in ("features", "classes", "targets")
    )
    return arrays["x"], arrays["y"], features, classes, targets


def _from_sklearn(name: str) -> dict[str, np.ndarray]:
    from sklearn import datasets

    options = {"scaled": False} if name == "diabetes" else {}
    loaded = getattr(datasets, f"load_{name}")(**options)
    is_values = name in REGRESSION_DATASETS
    y = np.asarray(loaded.target, np.float64 if is_values else np.int64)
    several = {"targets": np.array([str(name) for name in loaded.target_names])} if y.ndim == 2 else {}
    return several | {
        "x": np.asarray(loaded.data, np.float64),
        "y": y[:, np.newaxis] if is_values and y.ndim == 1 else y,
        "features": np.array([str(feature) for feature in loaded.feature_names]),
        "classes": np.array([] if is_values else [str(label) for label in loaded.target_names], np.str_),
    }


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, allow_pickle=False, **arrays)
    Path(file.name).replace(path)
