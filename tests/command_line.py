"""The command line as tests call it: here, or where that is the point, in its own process; holds no test."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

from engine.cli.main import main
from engine.workers.launcher import ROOT
from tests.waiting import SECONDS_AT_MOST

Done = subprocess.CompletedProcess[str]


def engine(*arguments: str, url: str | None = None) -> Done:
    """Run a command in this process, which has all imports done; warnings are errors here."""
    words = [*arguments, *(["--store", url] if url else [])]
    out, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    status: object = None
    with mock.patch.object(sys, "argv", ["engine", *words]), redirect_stdout(out), redirect_stderr(errors):
        try:
            main()
        except SystemExit as left:
            status = left.code
    shown = [each.detach().getvalue().decode("utf-8").replace("\r\n", "\n") for each in (out, errors)]
    return Done(words, int(str(status or 0)), *shown)


def engine_process(*arguments: str, url: str | None = None) -> Done:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "engine", *arguments, *(["--store", url] if url else [])]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_AT_MOST, check=False
    )
