"""The runs that the opening benchmark shows: in our store, and as files for its peers."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.dashboard import trained
from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import list_runs
from engine.store.store import Store, open_store
from engine.store.submit import submit_one
from engine.workers.session import train_claimed

COMPARED = 20
SMALL = {"hidden_sizes": [8], "batch_size": "full", "samples": 200, "epochs": 10}
LOSSES = ("step", "train_loss", "val_loss")
SEEDS_A_RATE = 10


def make_runs(store: Store, count: int) -> list[int]:
    """Train twenty runs of 1000 records and small ones up to ``count``; return the ids of the twenty."""
    compared = [trained(store, rate) for rate in np.geomspace(0.001, 0.05, COMPARED).tolist()]
    for number in range(count - COMPARED):
        rate = 10 ** -(1 + (number // SEEDS_A_RATE) % 5 / 2)
        config = parse_config({**SMALL, "seed": number, "learning_rate": rate})
        lease = claim(
            store,
            new_owner(),
            submit_one(store, config, build_dataset(config), paused=True),
            even_paused=True,
        )
        assert lease is not None
        train_claimed(store, lease)
    return compared


def files_for_peers(store: Store, compared: list[int], folder: Path, python: Path) -> None:
    """Write the twenty runs as event files, and all runs as a study.

    Parameters
    ----------
    python : Path
        The interpreter of the peers' environment.
    """
    curves = []
    for run_id in compared:
        series = read_series(store, run_id)
        curves.append({name: series[name].tolist() for name in LOSSES})
    trials: list[dict[str, Any]] = [
        {
            "learning_rate": row.config["learning_rate"],
            "seed": row.config["seed"],
            "value": row.best_val_loss if row.best_val_loss is not None else float("inf"),
        }
        for row in list_runs(store)
    ]
    source = folder / "runs.json"
    source.write_text(json.dumps({"curves": curves, "trials": trials}), "utf-8")
    writer = Path(__file__).with_name("opening_peers.py")
    subprocess.run([python, writer, source, folder], check=True)


def made(folder: Path, count: int, python: Path) -> tuple[str, list[int]]:
    """Return the URL of a store with the runs and the ids to compare; files for the peers stand beside it."""
    url = f"sqlite:///{folder / 'lab.db'}"
    store = open_store(url)
    compared = make_runs(store, count)
    files_for_peers(store, compared, folder, python)
    store.close()
    return url, compared
