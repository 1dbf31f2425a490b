"""A disk so small that it can be filled, for whoever runs this: root is not needed.

In a mount namespace of its own (``unshare``, Linux) it is a tmpfs of four megabytes, and full is full.
Where that is not to be had, SQLite in the worker may not use one more page (``PRAGMA max_page_count``): it
says that the disk is full, in the same words, but only of the database and not of its log.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

INSIDE = "BACKPROP_FAULTS_HAVE_A_NAMESPACE"
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
PAGES_VARIABLE, LARGEST = "BACKPROP_FAULTS_PAGES", 2**30
MEGABYTES = 4


def go_inside(arguments: Sequence[str]) -> None:
    """Start this command again in a mount namespace, where there is one to be had; else do nothing."""
    if INSIDE in os.environ or shutil.which("unshare") is None:
        return
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        return
    os.environ[INSIDE] = "1"
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *arguments])


def kind() -> str:
    """Say how a disk is made small here."""
    return f"a tmpfs of {MEGABYTES} MB" if INSIDE in os.environ else "`PRAGMA max_page_count`"


class SmallDisk:
    """A folder on a disk that can be filled.

    Parameters
    ----------
    folder : Path
        Where the store is to be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            for size in (4096, 512, 1):
                while _wrote(filler.fileno(), bytes(size)):
                    pass

    def clear(self) -> None:
        """Make room again."""
        (self.folder / "filler").unlink()


class FewPages(SmallDisk):
    """A disk that is full for SQLite alone, in processes that :func:`count_pages` was called in."""

    def fill(self) -> None:
        """Allow no page more."""
        (self.folder / "no more pages").touch()

    def clear(self) -> None:
        """Allow all pages again."""
        (self.folder / "no more pages").unlink()


def _wrote(file: int, content: bytes) -> bool:
    try:
        return os.write(file, content) == len(content)
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Give a small disk at a folder that does not exist yet."""
    folder.mkdir()
    if INSIDE not in os.environ:
        os.environ[PAGES_VARIABLE] = str(folder / "no more pages")
        yield FewPages(folder)
        del os.environ[PAGES_VARIABLE]
        return
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)], check=True, text=True
    )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def count_pages() -> None:
    """Have SQLite in this process see a full disk while the file that the environment names is there."""
    if (named := os.environ.get(PAGES_VARIABLE)) is None:
        return
    flag = Path(named)

    @event.listens_for(Engine, "checkout")
    def limit(connection, *_: object) -> None:
        # A smaller limit than there are pages means: not one more than there are.
        pages = 1 if flag.exists() else LARGEST
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
