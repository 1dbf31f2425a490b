"""The command that lists runs: sorted by any column or setting, filtered by an expression."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from engine.cli.options import AsJson, BadInput, StoreUrl
from engine.store.columns import Column
from engine.store.row import RunRow

LISTED_AT_MOST = 1000
SHOWN = ("run", "name", "status", "step", "steps", "train_loss", "val_loss", "val_score", "started")


def list_command(
    sort: Annotated[
        str, typer.Option(help="column or setting to sort by; run: newest first, losses: lowest first")
    ] = "run",
    descending: Annotated[
        bool | None,
        typer.Option("--descending/--ascending", help="high to low, or the reverse; else best first"),
    ] = None,
    limit: Annotated[int, typer.Option(help="how many runs to list")] = LISTED_AT_MOST,
    where: Annotated[
        str, typer.Option(help="conditions on columns and settings: 'optimizer=adam learning_rate>0.01'")
    ] = "",
    store: StoreUrl = None,
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="archived runs too")] = False,
) -> None:
    """List the runs, newest first; sorted with --sort (best first), filtered with --where."""
    from engine.cli.runs import summary
    from engine.config.errors import shown
    from engine.store.columns import UnknownColumn, known_column
    from engine.store.query import RunFilter, find_runs
    from engine.store.runs import LARGEST_ID
    from engine.store.store import open_store
    from engine.store.where import WhereError, parse_where

    if not 1 <= limit <= LARGEST_ID:
        raise BadInput(f"limit must be >= 1 and <= {LARGEST_ID}, got {shown(limit)}")
    try:
        terms = parse_where(where)
        columns = [known_column(sort), *(term.column for term in terms)]
    except (WhereError, UnknownColumn) as error:
        raise BadInput(str(error)) from None
    wanted = RunFilter(archived=None if everything else False, where=terms)
    rows, total = find_runs(open_store(store), wanted, sort=sort, descending=descending, limit=limit)
    if as_json:
        for row in rows:
            print(json.dumps(summary(row)))
    else:
        _print_table(rows, [column for column in columns if column.name not in SHOWN])
    if len(rows) < total:
        print(f"note: {len(rows):,} of {total:,} runs; --limit {total} lists all", file=sys.stderr)


def _print_table(rows: Sequence[RunRow], more: Sequence[Column]) -> None:
    """Print runs as a table: what is asked of every run, and what they were sorted and filtered by."""
    from rich.console import Console
    from rich.table import Table

    from engine.store.columns import moment, written

    names = list(dict.fromkeys(column.name for column in more))
    values = {column.name: column.value for column in more}
    head = ("run", "name", "status", "step", "train loss", "val loss", "val score", "started")
    table = Table(*head, *(name.replace("_", " ") for name in names), box=None)
    for row in rows:
        numbers = ["" if v is None else f"{v:z.4f}" for v in (row.train_loss, row.val_loss, row.val_score)]
        asked = ["" if (found := values[name](row)) is None else written(found) for name in names]
        facts = (str(row.id), row.name, row.status, f"{row.step}/{row.total_steps}", *numbers)
        table.add_row(*(cell.replace("[", r"\[") for cell in (*facts, moment(row.created_at) or "", *asked)))
    Console(emoji=False).print(table)
