"""What the command line does with the queue: fill it from a grid, have workers train it."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.cli.asking import confirm_long
from engine.cli.options import BadInput
from engine.cli.runs import INTERRUPTED, noting_ctrl_c
from engine.cli.tables import table_bytes
from engine.config.data import TABLE
from engine.config.grid import CHARACTERS_AT_MOST, entries_of_grid, values_of_grid
from engine.data.dataset import content_id
from engine.data.reading import read_table
from engine.store.files import keep_file
from engine.store.standstill import why_not_writable
from engine.store.store import Store, StoreError, StoreWaits
from engine.store.submit import Batch, of_grid, prepare, submit
from engine.training.estimates import rough_duration
from engine.workers.launcher import ensure_workers, last_worker_error, release_workers, trained_here
from engine.workers.queue_status import QueueStatus, failures_since, queue_status

TICK_SECONDS, LAUNCH_SECONDS = 0.2, 1.0
JOBS_AT_MOST = 256
SHOWN_FAILURES = 20
# More than twice the time in which whoever trains writes something.
STILL_SECONDS = 5.0


def queue_grid(
    store: Store, path: Path, csv: Path | None, *, dry_run: bool, as_json: bool, yes: bool = False
) -> None:
    """Put the runs of a grid into the queue, all or none, and print how many they are."""
    base, tables, content = {}, {}, b""
    if csv is not None:
        content = table_bytes(csv)
        base = {"dataset": TABLE, "table": content_id(content)}
        tables = {base["table"]: read_table(content)}
    values = values_of_grid(_text(path), is_json=path.suffix.lower() == ".json")
    batch = prepare(store, of_grid(entries_of_grid(values, base)), tables)
    ids: list[int] = []
    if not dry_run:
        confirm_long(batch.seconds, yes, begins=False)
        if csv is not None:
            keep_file(store, csv.name, content)
        ids = submit(store, batch)
    if as_json:
        facts = {"queued": len(ids), "runs": len(batch.rows), "steps": batch.total_steps, "ids": ids}
        print(json.dumps({**facts, "datasets": len(batch.blobs), "seconds": round(batch.seconds, 1)}))
    else:
        print(_sentence(batch, ids))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(4 * CHARACTERS_AT_MOST + 1)
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"grid must be a readable file of text in UTF-8: {error}") from None


def _sentence(batch: Batch, ids: list[int]) -> str:
    runs, data = _counted(len(batch.rows), "run"), _counted(len(batch.blobs), "dataset")
    size = (
        f"{runs} on {data}, {batch.total_steps:,} updates, about {rough_duration(batch.seconds)} of one core"
    )
    if not ids:
        return f"would queue {size}; nothing was queued"
    span = f"run {ids[0]}" if len(ids) == 1 else f"runs {ids[0]} to {ids[-1]}"
    return f"queued {size}: {span}; `work` trains them"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def work_off(store: Store, jobs: int, as_json: bool) -> None:
    """Train what is queued with so many worker processes; leave with status 1 when a run failed.

    After Ctrl-C the workers end the runs that they have and take no more.
    """
    if not 1 <= jobs <= JOBS_AT_MOST:
        raise BadInput(f"jobs must be >= 1 and <= {JOBS_AT_MOST}, got {jobs}")
    started, first = time.monotonic(), queue_status(store)
    with noting_ctrl_c() as was_pressed:
        now = _worked_off(store, jobs, first, was_pressed) if first.left else first
        is_interrupted = was_pressed()
    ended = sorted(set(now.ended) - set(first.ended))
    own, others = trained_here(store, ended)
    end = _End(now, own, others, failures_since(store, first), time.monotonic() - started)
    print(end.as_json() if as_json else end.sentence())
    for run, status, text in end.failures[:SHOWN_FAILURES]:
        print(f"run {run} {status}: {text}" if text else f"run {run} {status}", file=sys.stderr)
    if len(end.failures) > SHOWN_FAILURES:
        print(f"{len(end.failures) - SHOWN_FAILURES} more failed", file=sys.stderr)
    if is_interrupted:
        print(_leaving_sentence(now), file=sys.stderr)
        sys.exit(INTERRUPTED)
    if end.failures:
        sys.exit(1)


def _worked_off(store: Store, jobs: int, first: QueueStatus, was_pressed: Callable[[], bool]) -> QueueStatus:
    """Keep workers going until nothing is left or Ctrl-C was pressed; return the status of the queue then."""
    now, looked_at = first, float("-inf")
    moved = (first.steps_done, time.monotonic())
    try:
        with _Bar(first) as bar:
            while now.left and not was_pressed():
                if time.monotonic() - looked_at > LAUNCH_SECONDS:
                    ensure_workers(store.url, jobs)
                    looked_at = time.monotonic()
                now = queue_status(store, first)
                bar.show(now)
                if now.steps_done != moved[0]:
                    moved = (now.steps_done, time.monotonic())
                elif time.monotonic() - moved[1] > STILL_SECONDS and (sentence := why_not_writable(store)):
                    store.say_waiting(StoreWaits(sentence))
                if last_worker_error(store.url) and not now.workers:
                    raise StoreError(last_worker_error(store.url))
                time.sleep(TICK_SECONDS if now.left else 0)
        return queue_status(store, first)  # with the names of those in training, before they are released
    finally:
        release_workers(store.url)


@dataclass(frozen=True)
class _End:
    """What is printed at the end: ``own`` runs were trained by workers of this command."""

    status: QueueStatus
    own: int
    others: int
    failures: list[tuple[int, str, str]]
    seconds: float

    def as_json(self) -> str:
        failed = [{"run": run, "status": status, "message": text} for run, status, text in self.failures]
        facts: dict[str, Any] = {"runs": self.own, "by_others": self.others, "failed": failed}
        facts |= {"left": self.status.waiting, "running": list(self.status.running)}
        facts |= {"seconds": round(self.seconds, 3)}
        return json.dumps(facts)

    def sentence(self) -> str:
        if not self.own and not self.others and not self.status.left:
            return "nothing is queued"
        pace = self.own / max(self.seconds, 1e-9)
        sentence = f"trained {_counted(self.own, 'run')} in {self.seconds:.1f} s, {pace:.1f} runs/s"
        return sentence + (f"; {_counted(self.others, 'run')} by other workers" if self.others else "")


def _leaving_sentence(now: QueueStatus) -> str:
    names = [f"run {run}" for run in now.running]
    parts = [f"{', '.join(names)} {'trains' if len(names) == 1 else 'train'} to the end"] if names else []
    if now.waiting:
        verb = "is" if now.waiting == 1 else "are"
        parts.append(f"{_counted(now.waiting, 'run')} {verb} still queued: `work` trains them")
    return "; ".join(parts) or "nothing is left in the queue"


class _Bar:
    """One line over the whole queue on a terminal; silent elsewhere."""

    def __init__(self, first: QueueStatus) -> None:
        console = Console(stderr=True, emoji=False)
        self.first, self.started = first, time.monotonic()
        self.progress = Progress(
            TextColumn("{task.fields[runs]}"),
            BarColumn(),
            TextColumn("{task.percentage:.0f} %"),
            TextColumn("{task.fields[pace]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.progress.add_task("", total=first.steps_left, runs="", pace="")

    def __enter__(self) -> "_Bar":
        self.progress.start()
        self.show(self.first)
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def show(self, now: QueueStatus) -> None:
        """Show how far the queue is, in runs and in updates."""
        ended = len(now.ended) - len(self.first.ended)
        pace = ended / max(time.monotonic() - self.started, 1e-9)
        done = max(now.steps_done - self.first.steps_done, 0)
        failed = len(now.failed - self.first.failed)
        self.progress.update(
            self.task,
            completed=done,
            total=done + now.steps_left,
            runs=f"{ended} of {ended + now.left} runs{f', {failed} failed' if failed else ''}",
            pace=f"{pace:.1f} runs/s",
        )
