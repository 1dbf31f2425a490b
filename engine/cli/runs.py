"""What the command line does with runs of a store: follow one, print, write weights."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine.cli.options import BadInput
from engine.exchange.export import exported
from engine.store.fingerprint import fingerprint, fingerprint_of, is_same_machine, other_plugins
from engine.store.lease import LeaseLost, claim, new_owner
from engine.store.row import FAILED, RunRow
from engine.store.runs import get_run
from engine.store.store import Store, StoreError
from engine.training.telemetry import SCALAR_INDEX, Record
from engine.workers.session import train_claimed

INTERRUPTED = 130


class TrainingBar:
    """A progress bar on a terminal, over the steps of one run or of several in turn; silent elsewhere."""

    def __init__(self, total_steps: int) -> None:
        console = Console(stderr=True, emoji=False)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("step {task.completed}/{task.total}  loss {task.fields[loss]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.progress.add_task("", total=total_steps, loss="")
        self.before, self.total = 0, total_steps

    def __enter__(self) -> "TrainingBar":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, title: str) -> None:
        """Name what is trained now."""
        self.progress.update(self.task, description=title)

    def advance(self, record: Record) -> None:
        """Show how far a run is."""
        self.progress.update(self.task, completed=self.before + record.step)
        if record["train_loss"] == record["train_loss"]:
            self.progress.update(self.task, loss=f"{record['train_loss']:z.4f}")

    def advance_together(self, record: Record, count: int) -> None:
        """Show how far ``count`` stacked runs are, with the mean of their losses."""
        self.progress.update(self.task, completed=self.before + count * record.step)
        losses = record.scalars[..., SCALAR_INDEX["train_loss"]]
        if not np.isnan(losses).all():
            self.progress.update(self.task, loss=f"{np.nanmean(losses):z.4f}")

    def end(self, row: RunRow) -> None:
        """Move past a run that has ended; steps that it did not train no longer count."""
        self.before += row.step
        self.total -= row.total_steps - row.step
        self.progress.update(self.task, completed=self.before, total=self.total)

    def close(self) -> None:
        """Leave the bar as it is; what is printed comes below it."""
        self.progress.stop()


def follow(store: Store, run_id: int, as_json: bool) -> None:
    """Train a run in this process with a progress bar; leave with status 1 when it failed or diverged.

    Waits as long as it takes where the disk is full or the store locked, and says so.
    """
    store.patience = float("inf")
    row = get_run(store, run_id)
    if not row.ended:
        with TrainingBar(row.total_steps) as bar:
            bar.begin(f"run {run_id}")
            try:
                train_here(store, run_id, bar)
            except KeyboardInterrupt:
                bar.close()
                # Who gives up waiting for a lock leaves the run as it was stored last.
                how = (
                    "stopped" if get_run(store, run_id).status == "stopped" else "left as it was stored last"
                )
                print(f"run {run_id} {how}; `resume {run_id}` continues it", file=sys.stderr)
                sys.exit(INTERRUPTED)
        row = get_run(store, run_id)
    print(json.dumps(summary(row)) if as_json else sentence(row))
    if row.status in FAILED:
        if row.message:
            print(row.message, file=sys.stderr)
        sys.exit(1)


def train_here(store: Store, run_id: int, bar: TrainingBar) -> None:
    """Train a run in this process to its end.

    Raises
    ------
    StoreError
        When another process holds the run, or takes it over.
    KeyboardInterrupt
        After Ctrl-C; the run is stopped.
    """
    lease = claim(store, new_owner(), run_id, even_paused=True)
    if lease is None:
        raise StoreError(f"run {run_id} is being trained by a worker; pause or stop it first")
    try:
        with noting_ctrl_c() as is_interrupted:
            train_claimed(store, lease, bar.advance, is_interrupted=is_interrupted, leaves_when_paused=False)
        bar.end(get_run(store, run_id))
    except LeaseLost as lost:
        raise StoreError(str(lost)) from None


@contextmanager
def noting_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Give a function that returns whether Ctrl-C was pressed; only the second one interrupts at once.

    An interrupt that comes upon a transaction would leave it open and the store locked.
    """
    pressed = []

    def note(*_: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(True)

    usual = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, usual)


def other_machine(store: Store, run_id: int) -> str:
    """Return a sentence when a run was started where the arithmetic may give other bits, or nothing.

    Raises
    ------
    BadInput
        When its settings name something that is not known here.
    """
    row, here = get_run(store, run_id), fingerprint()
    if row.ended and row.status not in ("stopped", "failed"):
        return ""
    if row.missing_plugin:
        raise BadInput(row.missing_plugin)
    if row.has_settings:
        here = fingerprint_of(row.config)
    if row.fingerprint in ("", here):
        return ""
    plugins = other_plugins(row.fingerprint, row.config)
    if plugins and is_same_machine(row.fingerprint, here):
        return f"run {run_id} was {plugins}"
    return f"run {run_id} was started on another machine or version ({row.fingerprint}); this one is {here}"


def summary(row: RunRow) -> dict[str, Any]:
    """Return a run as a JSON-able dict: non-finite numbers are None."""
    values = {
        "run": row.id,
        "name": row.name,
        "status": row.status,
        "paused": row.paused,
        "step": row.step,
        "steps": row.step,
        "total_steps": row.total_steps,
        "epoch": row.epoch,
        "train_loss": row.train_loss,
        "val_loss": row.val_loss,
        f"train_{row.score_name}": row.train_score,
        f"val_{row.score_name}": row.val_score,
        "test_loss": row.test_loss,
        f"test_{row.score_name}": row.test_score,
        "best_val_loss": row.best_val_loss,
        "best_step": row.best_step,
        "seconds": row.seconds,
        "seed": row.config["seed"] if row.has_settings else None,
        "group": row.group_id,
        "message": row.message,
    }
    return {name: None if isinstance(v, float) and not np.isfinite(v) else v for name, v in values.items()}


def sentence(row: RunRow) -> str:
    """Return a run as one line."""
    numbers = [
        f"{name} {value:z.4f}"
        for name, value in (
            ("train_loss", row.train_loss),
            ("val_loss", row.val_loss),
            (f"val_{row.score_name}", row.val_score),
            (f"test_{row.score_name}", row.test_score),
        )
        if value is not None
    ]
    line = f"run {row.id} {row.status} at step {row.step} of {row.total_steps}: {', '.join(numbers)}"
    return f"{line} ({row.message})" if row.status == "finished" and row.message else line


def print_run(store: Store, run_id: int, as_json: bool) -> None:
    """Print one run with its configuration."""
    row = get_run(store, run_id)
    if as_json:
        print(json.dumps({**summary(row), "config": row.config}))
        return
    print(sentence(row))
    if row.message and row.status != "finished":
        print(row.message)
    for name, value in row.config.items():
        print(f"  {name} = {'auto' if value is None else value}")


def write_weights(store: Store, run_id: int, output: Path) -> None:
    """Write the newest parameters of a run to a .npz file."""
    content = exported(store, [run_id], "npz")
    try:
        output.write_bytes(content)
    except OSError as error:
        raise StoreError(f"output cannot be written: {error}") from None
