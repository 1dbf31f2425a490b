"""The commands of the queue: fill it from a grid, have workers train it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.asking import Yes
from engine.cli.options import AsJson, StoreUrl


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    app.command("queue")(queue)
    app.command("work")(work)


def queue(
    grid: Annotated[Path, typer.Argument(help="YAML or JSON file: base, grid, runs, seeds, name, tags")],
    csv: Annotated[Path | None, typer.Option(help="CSV file that all runs train on")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check and count, queue nothing")] = False,
    yes: Yes = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Queue the runs of a grid, all or none: every combination of the values that it lists."""
    from engine.cli.batch import queue_grid
    from engine.store.store import open_store

    queue_grid(open_store(store), grid, csv, dry_run=dry_run, as_json=as_json, yes=yes)


def work(
    jobs: Annotated[int | None, typer.Option(help="worker processes at most; one a core by default")] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Train all queued runs with several workers, then exit; run it again to continue."""
    from engine.cli.batch import work_off
    from engine.store.store import open_store

    work_off(open_store(store), (os.cpu_count() or 1) if jobs is None else jobs, as_json)
