"""Asks once before something begins that takes longer than an hour."""

import sys
from typing import Annotated

import typer

from engine.cli.options import BadInput
from engine.training.estimates import LONG_SECONDS, rough_duration

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
    sentence = f"the training takes about {rough_duration(seconds)} of one core by its estimate"
    if not sys.stdin.isatty():
        if not begins:
            return
        raise BadInput(f"{sentence}; use --yes to start it anyway")
    typer.confirm(f"{sentence[0].upper()}{sentence[1:]}. Start it?", abort=True, err=True)
