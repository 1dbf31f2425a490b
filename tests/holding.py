"""Processes of the command line that stand still at a step that a test names; holds no test.

``python -m tests.holding PLACE STEP FOLDER ARGUMENT ...`` is ``python -m engine ARGUMENT ...`` as on a
machine with one core, but at the first record from STEP on it stores what there is, and stands still once
it is

- ``between commits``: at the next record, with work that is in no store yet, or
- ``in a commit``: with everything written and nothing committed, or
- ``in the last commit``: so, too, but in the one that would end the run.

It says at which step in the file ``reached`` of FOLDER, and goes on once there is a file ``release``.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engine.cli.main import main
from engine.training.telemetry import Record
from engine.workers import journal
from engine.workers.launcher import ONE_THREAD, ROOT
from tests.waiting import wait_for

PLACES = ("between commits", "in a commit", "in the last commit")


class Held:
    """A process that stands still somewhere.

    Parameters
    ----------
    place : str
        One of ``PLACES``.
    step : int
    folder : Path
        One that does not exist yet.
    arguments : str
        Of the command line.
    """

    def __init__(self, place: str, step: int, folder: Path, *arguments: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.holding", place, str(step), str(folder), *arguments],
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def reached(self) -> int:
        """Wait until it stands still; return the step."""
        file = self.folder / "reached"
        wait_for(lambda: file.exists() or self.process.poll() is not None)
        assert file.exists(), f"it ended before: {self.process.communicate()}"
        return int(file.read_text())

    def release(self) -> None:
        """Let it go on."""
        (self.folder / "release").touch()

    def kill(self) -> None:
        """Kill it; nothing is left of it afterwards."""
        self.process.kill()
        self.process.communicate()


class _Hold:
    """What makes this process stand still: once, at the place and step that were named."""

    def __init__(self, place: str, step: int, folder: Path) -> None:
        self.place, self.step, self.folder = place, step, folder
        self.is_committing = self.has_committed = False

    def adding(self, kind: type[Any]) -> None:
        """Commit at the step that was named, and stand still there or at the record that follows."""
        usual = kind.add

        def add(recorder: Any, record: Record) -> None:
            usual(recorder, record)
            if self.has_committed and self.place == "between commits":
                self.stand_still(record.step)
            elif not self.has_committed and record.step >= self.step and self.place != "in the last commit":
                self.step, self.is_committing = record.step, True
                recorder.commit()
                self.is_committing, self.has_committed = False, True

        kind.add = add

    def writing(self, module: Any, name: str, place: str) -> None:
        """Stand still after a module's function that writes the last part of a commit."""
        usual = getattr(module, name)

        def write(*arguments: Any) -> None:
            usual(*arguments)
            if self.place == place and (self.is_committing or place == "in the last commit"):
                self.stand_still(self.step)

        setattr(module, name, write)

    def stand_still(self, step: int) -> None:
        """Say where this process is, and wait until it is let go; from then on it only passes by."""
        beside = self.folder / "reaching"
        beside.write_text(str(step))
        beside.rename(self.folder / "reached")
        while not (self.folder / "release").exists():
            time.sleep(0.01)
        self.place = ""


if __name__ == "__main__":
    os.cpu_count = lambda: 1
    hold = _Hold(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    hold.adding(journal.Journal)
    hold.writing(journal, "write_checkpoints", "in a commit")
    hold.writing(journal, "write_predictions", "in the last commit")
    sys.argv[1:] = sys.argv[4:]
    main()
