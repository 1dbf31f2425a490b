"""Real tables that scikit-learn carries, kept as .npz after the first use: importing scikit-learn takes 3 s."""

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

CACHE_VARIABLE = "BACKPROP_LAB_CACHE"


def cache_folder() -> Path:
    """Return the folder of the kept tables: $BACKPROP_LAB_CACHE, or .lab/datasets beside the program."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".lab" / "datasets"


def bundled(name: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Return ``x (n, f)``, labels ``(n,)``, feature names and class names of ``digits`` or ``wine``."""
    path = cache_folder() / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            return _from_arrays(dict(kept))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        arrays = _from_sklearn(name)
        _keep(path, arrays)
        return _from_arrays(arrays)


def _from_arrays(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    features = tuple(str(name) for name in arrays["features"])
    return arrays["x"], arrays["y"], features, tuple(str(name) for name in arrays["classes"])


def _from_sklearn(name: str) -> dict[str, np.ndarray]:
    from sklearn import datasets

    loaded = {"digits": datasets.load_digits, "wine": datasets.load_wine}[name]()
    return {
        "x": np.asarray(loaded.data, np.float64),
        "y": np.asarray(loaded.target, np.int64),
        "features": np.array([str(feature) for feature in loaded.feature_names]),
        "classes": np.array([str(label) for label in loaded.target_names]),
    }


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, allow_pickle=False, **arrays)
    Path(file.name).replace(path)
