"""The commands that keep runs in order: export, import, continue, rename, tag, note, archive, delete."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import AsJson, BadInput, Run, Runs, StoreUrl, named_runs

LARGEST_FILE = 600_000_000


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    for name, command in (
        ("export", export),
        ("import", import_command),
        ("continue", continue_command),
        ("reproduce", reproduce),
        ("repeat", repeat),
        ("rename", rename),
        ("tag", tag),
        ("note", note),
        ("archive", archive),
        ("delete", delete),
    ):
        app.command(name)(command)


def export(
    run: Runs,
    output: Annotated[Path, typer.Option(help="file to write; - for standard output")] = Path("-"),
    format: Annotated[str, typer.Option(help="csv, wide, parquet, json, npz or bundle")] = "csv",
    layers: Annotated[bool, typer.Option("--layers", help="statistics per layer instead of metrics")] = False,
    spreadsheet_safe: Annotated[
        bool, typer.Option("--spreadsheet-safe", help="guard names that a spreadsheet would read as formulas")
    ] = False,
    store: StoreUrl = None,
) -> None:
    """Write runs to a file: records (csv, wide, parquet), settings (json), weights (npz), all (bundle)."""
    from engine.exchange.export import FORMATS, write_export
    from engine.store.runs import get_run
    from engine.store.store import StoreError, open_store

    if format not in FORMATS:
        raise BadInput(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    opened = open_store(store)
    for run_id in run:
        get_run(opened, run_id)
    options = {"layers": layers, "spreadsheet_safe": spreadsheet_safe}
    if str(output) == "-":
        write_export(opened, run, format, sys.stdout.buffer, **options)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("wb") as file:
            write_export(opened, run, format, file, **options)
    except OSError as error:
        raise BadInput(f"output cannot be written: {error}") from None
    except StoreError:
        if output.is_file():
            output.unlink()
        raise


def import_command(
    file: Annotated[list[Path], typer.Argument(help="CSV (long), Parquet or bundle that `export` wrote")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Import exported runs: curves from CSV and Parquet, whole runs from bundles."""
    from engine.exchange.imports import BadFile, import_file
    from engine.store.store import open_store

    opened = open_store(store)
    for path in file:
        try:
            size = path.stat().st_size
            if size > LARGEST_FILE:
                raise BadInput(
                    f"{path} must have at most {LARGEST_FILE / 1e6:.0f} MB, got {size / 1e6:.0f} MB"
                )
            numbers = import_file(opened, path.read_bytes())
        except OSError as error:
            raise BadInput(f"file cannot be read: {error}") from None
        except BadFile as error:
            raise BadInput(f"{path}: {error}") from None
        print(json.dumps({"runs": numbers}) if as_json else f"imported as {named_runs(numbers)}")


def continue_command(
    run: Run,
    epochs: Annotated[int, typer.Option(help="how many more epochs")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Train a finished or stopped run for more epochs, as a new run that starts where it ended."""
    from engine.cli.runs import follow
    from engine.store.branching import continue_run
    from engine.store.store import open_store

    opened = open_store(store)
    follow(opened, continue_run(opened, run, epochs, paused=True), as_json)


def reproduce(run: Run, store: StoreUrl = None) -> None:
    """Print the command that trains a run again."""
    from engine.config.text import command_line
    from engine.store.interventions import read_changes
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    row = get_run(opened, run)
    if not row.has_settings:
        raise BadInput(f"the settings of run {run} are not known: only its curves were imported")
    print(command_line(row.settings))
    for change, _ in read_changes(opened, run):
        made = f"{change.field} was changed to {change.new} at step {change.step}"
        print(f"# {made}; `repeat {run}` repeats that, too")


def repeat(run: Run, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Train a run again on the same data, with the changes made while it trained."""
    from engine.cli.runs import follow
    from engine.store.branching import repeat_run
    from engine.store.store import open_store

    opened = open_store(store)
    follow(opened, repeat_run(opened, run, paused=True), as_json)


def rename(run: Run, name: Annotated[str, typer.Argument(help="new name")], store: StoreUrl = None) -> None:
    """Give a run another name."""
    from engine.store import edit
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    get_run(opened, run)
    edit.rename(opened, run, name)


def tag(
    run: Runs,
    add: Annotated[str, typer.Option(help="tags, separated by commas")] = "",
    remove: Annotated[str, typer.Option(help="tags, separated by commas")] = "",
    store: StoreUrl = None,
) -> None:
    """Add tags to runs or remove them."""
    from engine.store.edit import change_tags
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    for run_id in run:
        get_run(opened, run_id)
    change_tags(opened, run, add=add, remove=remove)


def note(run: Run, text: Annotated[str, typer.Argument(help="the note")], store: StoreUrl = None) -> None:
    """Write a note on a run."""
    from engine.store.edit import write_note
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    get_run(opened, run)
    write_note(opened, run, text)


def archive(
    run: Runs,
    undo: Annotated[bool, typer.Option("--undo", help="show them in the lists again")] = False,
    store: StoreUrl = None,
) -> None:
    """Hide runs from the lists; nothing is deleted."""
    from engine.store.edit import set_archived
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    for run_id in run:
        get_run(opened, run_id)
    set_archived(opened, run, not undo)


def delete(
    run: Runs,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    store: StoreUrl = None,
) -> None:
    """Delete runs permanently, with records, weights and notes; asks first."""
    from engine.store.edit import delete_runs
    from engine.store.runs import get_run
    from engine.store.store import open_store

    opened = open_store(store)
    for run_id in run:
        get_run(opened, run_id)
    if not yes:
        typer.confirm(f"Delete {named_runs(run)} permanently?", abort=True, err=True)
    deleted, refused = delete_runs(opened, run)
    if deleted:
        print(f"deleted {named_runs(deleted)}")
    if refused:
        raise BadInput("; ".join(refused))
