"""Asks once before something begins that takes longer than an hour."""

import sys
from typing import Annotated

import typer

from engine.cli.options import BadInput
from engine.training.estimates import LONG_SECONDS

Yes = Annotated[bool, typer.Option("--yes", help="do not ask, however long it takes")]


def confirm_long(seconds: float, yes: bool, *, begins: bool = True) -> None:
    """Ask whether to go on with what takes so many seconds of one core by its estimate, beyond an hour.

    Parameters
    ----------
    begins : bool
        Whether the training begins at once. What only waits in the queue may go there unasked where nobody
        can answer.

    Raises
    ------
    BadInput
        Where it begins at once and there is no terminal to ask at.
    """
    if yes or seconds <= LONG_SECONDS:
        return
    sentence = f"the training takes about {duration(seconds)} of one core by its estimate"
    if not sys.stdin.isatty():
        if not begins:
            return
        raise BadInput(f"{sentence}; use --yes to start it anyway")
    typer.confirm(f"{sentence[0].upper()}{sentence[1:]}. Start it?", abort=True, err=True)


def duration(seconds: float) -> str:
    """Return a time span roughly, such as ``45 s``, ``12 minutes``, ``3 days``, ``2,000 years``."""
    year = 365 * 86400
    for size, unit in ((year, "years"), (86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
