"""Options and errors that the commands share."""

from collections.abc import Sequence
from typing import Annotated

import typer

StoreUrl = Annotated[str | None, typer.Option("--store", help="database URL; $BACKPROP_LAB_STORE otherwise")]
AsJson = Annotated[bool, typer.Option("--json", help="end with one JSON line")]
Run = Annotated[int, typer.Argument(help="id of the run, as `list` shows it")]
Runs = Annotated[list[int], typer.Argument(help="ids of the runs")]


class BadInput(Exception):
    """Input that cannot be used; its text is one sentence for people."""


def named_runs(run_ids: Sequence[int]) -> str:
    """Return ``run 3`` or ``runs 3, 4``."""
    return f"{'run' if len(run_ids) == 1 else 'runs'} {', '.join(map(str, run_ids))}"
