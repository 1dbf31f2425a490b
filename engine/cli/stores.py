"""The commands for a store as a whole: doctor, with its repair, backup and restore."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import BadInput, StoreUrl, named_runs

Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace the file that is there")]
SHOWN_AT_MOST = 50


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    for command in (doctor, backup, restore):
        app.command()(command)


def doctor(
    repair: Annotated[
        Path | None, typer.Option(help="new file: save there what can be read of a damaged store")
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Check the store and print the versions in use; leave with status 1 when it is damaged."""
    import sqlite3

    from engine.store import health
    from engine.store.fingerprint import fingerprint
    from engine.store.runs import count_runs
    from engine.store.store import StoreError, default_url, open_store

    url = store or default_url()
    path = health.file_of(url)
    if repair is not None:
        saved, lost = health.repair(_existing(path), repair)
        if saved == 0:
            repair.unlink(missing_ok=True)
            raise BadInput(
                f"nothing of {path} can be read ({lost[0].split(': ', 1)[-1] if lost else 'no rows'})"
            )
        print(f"saved {saved:,} rows to {repair}")
        _print_some([f"lost: {line}" for line in lost] or ["nothing was lost"])
        return
    if path is not None:
        _existing(path)  # looking for what is wrong makes no new store
    found = health.problems_of(path) if path is not None else []
    print(f"store      {url if path is None else path}")
    if path is not None:
        print(f"sqlite     {sqlite3.sqlite_version}")
        print(f"integrity  {'damaged' if found else 'ok'}")
    print(f"machine    {fingerprint()}")
    try:
        print(f"runs       {count_runs(open_store(url))}")
    except StoreError as error:
        found = found or [str(error)]
    if found:
        _print_some(found)
        if path is not None:
            print("`doctor --repair FILE` saves what can be read into a new store", file=sys.stderr)
        sys.exit(1)


def backup(
    file: Annotated[Path, typer.Argument(help="file to write")],
    overwrite: Overwrite = False,
    store: StoreUrl = None,
) -> None:
    """Copy the store to a file, also while runs are trained."""
    from engine.store.health import copy_store, file_of, problems_of
    from engine.store.store import default_url

    copy_store(_existing(file_of(store or default_url())), file, overwrite=overwrite)
    print(f"copied to {file}")
    if found := problems_of(file):
        print(f"the store is damaged, and so is its copy: {found[0]}", file=sys.stderr)
        sys.exit(1)


def restore(
    file: Annotated[Path, typer.Argument(help="file that `backup` wrote")],
    overwrite: Overwrite = False,
    store: StoreUrl = None,
) -> None:
    """Make the store anew from a backup; an existing store is replaced only with --overwrite."""
    from engine.store.health import check_is_store, copy_store, file_of, problems_of
    from engine.store.store import default_url

    path = file_of(store or default_url())
    if path is None:
        raise BadInput("only a store that is a file of SQLite's can be restored")
    if running := _runs_in_training(path):
        raise BadInput(
            f"{named_runs(running)} must not be in training while the store is replaced: stop first"
        )
    check_is_store(file)
    if found := problems_of(file):
        raise BadInput(
            f"the file {file} is damaged ({found[0]}): `doctor --repair` saves what can be read of it"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    copy_store(file, path, overwrite=overwrite)
    print(f"restored {path}")


def _runs_in_training(path: Path) -> list[int]:
    """Return the runs of a store that living processes train; of one that cannot be read, none."""
    from engine.store.query import RunFilter, find_runs
    from engine.store.store import StoreError, open_store

    if not path.exists():
        return []
    try:
        rows, _ = find_runs(
            open_store(f"sqlite:///{path}"), RunFilter(status="running", archived=None), limit=None
        )
    except StoreError:
        return []
    return [row.id for row in rows if row.status == "running"]


def _existing(path: Path | None) -> Path:
    if path is None:
        raise BadInput("only a store that is a file of SQLite's can be copied or repaired")
    if not path.is_file():
        raise BadInput(f"there is no store {path}")
    return path


def _print_some(lines: list[str]) -> None:
    for line in lines[:SHOWN_AT_MOST]:
        print(line)
    if len(lines) > SHOWN_AT_MOST:
        print(f"and {len(lines) - SHOWN_AT_MOST:,} more")
