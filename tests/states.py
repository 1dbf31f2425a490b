"""A run in each state that a page can meet, all in one store; holds no test."""

import os
from contextlib import suppress
from typing import Any

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.exchange.imports import import_file
from engine.store.lease import claim, host_name, new_owner, process_start
from engine.store.schema import runs
from engine.store.store import Store
from engine.store.submit import submit_one
from engine.workers.session import train_claimed
from tests.training_now import train_now

BASE = {"samples": 80, "epochs": 20, "hidden_sizes": [6], "batch_size": 16}
BY_HEART = {
    "noise": 0.5,
    "hidden_sizes": [48, 48],
    "activation": "relu",
    "epochs": 300,
    "learning_rate": 0.01,
}
BLIND = {"depth": 8, "width": 6, "activation": "sigmoid", "optimizer": "sgd", "learning_rate": 0.01}
LARGE = {"depth": 10, "width": 16, "activation": "relu", "initializer": "normal", "optimizer": "sgd"}
# By state its settings; how it got there stands below.
FINISHED: dict[str, dict[str, Any]] = {
    "finished": {},
    "overfits": BY_HEART,
    "guesses": BLIND,
    "diverged at its first step": {**LARGE, "initializer_std": 60.0, "learning_rate": 1e6},
    "diverged later": {**LARGE, "initializer_std": 0.7, "learning_rate": 0.1},
    "other loss": {"loss": "mse"},
    "class weights": {"class_weights": [1.0, 9.0]},
    "label smoothing": {"label_smoothing": 0.2},
    "other rows": {"data_seed": 7},
    "values": {"dataset": "sine"},
    "values guessed": {"dataset": "diabetes", **BLIND},
    "several targets": {"dataset": "linnerud", "batch_size": 5, "samples": 20},
    "images": {"dataset": "digits", "samples": 300, "epochs": 3},
    "stopped early": {**BY_HEART, "early_stopping": 3},
    "one epoch": {"epochs": 1, "batch_size": "full"},
}
STOPPED = {"stopped": 40, "running": 40, "paused": 40, "one record": 0, "running, overfits": 1000}
HEAD = b"run,name,step,epoch,seconds,train_loss"
CURVES = (
    HEAD
    + b",val_loss\n"
    + b"".join(b"1,c,%d,%d,%d,%f,%f\n" % (n, n, n, 0.7 / (n + 1), 0.7 - n / 20) for n in range(9))
)
WITHOUT_VALIDATION = HEAD + b"\n1,t,0,0,0,0.7\n1,t,1,1,1,0.5\n1,t,2,2,2,0.4\n"


def one_of_each(store: Store) -> dict[str, int]:
    """Put a run of each state into the store; return their numbers by state."""
    found = {"queued": _submit(store)}
    for state, settings in FINISHED.items():
        found[state] = train_now(store, _submit(store, **settings))
    for state, step in STOPPED.items():
        found[state] = _stop(store, step, **(BY_HEART if "overfits" in state else {}))
    for state in ("running", "running, overfits"):
        _leave(store, found[state], status="running", paused=False)
    _leave(store, found["paused"], status="running", paused=True)
    _leave(store, found["one record"], status="running", paused=False)
    (found["imported"],) = import_file(store, CURVES)
    (found["imported without validation"],) = import_file(store, WITHOUT_VALIDATION)
    return found


def _submit(store: Store, **settings: Any) -> int:
    config = parse_config(
        {**BASE, **settings} if "depth" not in settings else {**_without_sizes(), **settings}
    )
    return submit_one(store, config, build_dataset(config))


def _without_sizes() -> dict[str, Any]:
    return {name: value for name, value in BASE.items() if name != "hidden_sizes"}


def _stop(store: Store, step: int, **settings: Any) -> int:
    run_id, reached = _submit(store, **settings), [-1]
    lease = claim(store, new_owner(), run_id)
    assert lease is not None

    def watch(record: Any) -> None:
        reached[0] = int(record["step"])

    with suppress(KeyboardInterrupt):
        train_claimed(store, lease, watch, is_interrupted=lambda: reached[0] >= step)
    return run_id


def _leave(store: Store, run_id: int, **values: Any) -> None:
    """Let a run look as if this process trained it."""
    pid = os.getpid()
    holder = {"lease_host": host_name(), "lease_pid": pid, "lease_process_start": process_start(pid)}
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(**holder, **values))
