"""Stores that are damaged: zeroed pages, cut off, without a table, with other bits in what they keep."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.faults_kills import BITS
from benchmarks.faults_lab import Fault, Lab
from benchmarks.faults_runs import EVERY_RUN, RECIPES, Broken, Kept, kept
from engine.codec import CodecError
from engine.config import parse_config
from engine.store.health import problems_of
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import NoSuchRun, list_runs
from engine.store.schema import metadata
from engine.store.store import Store, StoreError, open_store
from engine.store.submit import submit, with_seeds
from engine.workers.session import train_claimed
from tests.command_line import Done, engine

PAGE = 4096
SHORT = {"epochs": 300, "record_every": 1}
FINISHED = 3
# After so many records a run is stopped, in its middle.
STOPPED_AT = 900


@dataclass(frozen=True)
class Original:
    """A whole store as the bytes of its file, and what it has of each run.

    Attributes
    ----------
    stopped : int
        The run that was stopped in the middle; all others have finished.
    unbroken : Kept
        What that run has when it is trained without a stop.
    """

    content: bytes
    runs: dict[int, Kept]
    stopped: int
    unbroken: Kept


@cache
def original() -> Original:
    """Train the runs of the store that is damaged, once in this process."""
    with TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/lab.db")) as store:
        configs = [parse_config({**EVERY_RUN, **recipe, **SHORT}) for recipe in RECIPES]
        ids = [submit(store, with_seeds(config, 1))[0] for config in (*configs[:FINISHED], configs[0])]
        for run_id in ids[:-1]:
            _train(store, run_id)
        reached = []
        _train(store, ids[-1], lambda: len(reached) > STOPPED_AT, reached)
        found = {run_id: kept(store, run_id) for run_id in ids}
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        content = Path(store.place).read_bytes()
    return Original(content, found, ids[-1], found[ids[0]])


def _train(
    store: Store,
    run_id: int,
    is_interrupted: Callable[[], bool] = lambda: False,
    reached: list[int] | None = None,
) -> None:
    lease = claim(store, new_owner(), run_id)
    assert lease is not None

    def note(record) -> None:
        if reached is not None:
            reached.append(record.step)

    try:
        train_claimed(store, lease, note, is_interrupted=is_interrupted)
    except KeyboardInterrupt:
        assert reached


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a bare connection to a store's file, and commit."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def said(lab: Lab, *arguments: str) -> Done:
    """Run a command on the store in this process: it ends well, or with one line that says what is wrong."""
    try:
        done = engine(*arguments, url=lab.url)
    except Exception as error:
        raise Broken(f"`{' '.join(arguments)}` ended in a traceback: {error!r}") from error
    if "Traceback" in done.stdout + done.stderr:
        raise Broken(f"`{' '.join(arguments)}` printed a traceback")
    lines = done.stderr.splitlines()
    if done.returncode == 2 and not (len(lines) == 1 and lines[0].startswith("error: ")):
        raise Broken(f"`{' '.join(arguments)}` said {done.stderr!r} instead of one line")
    if done.returncode not in (0, 1, 2):
        raise Broken(f"`{' '.join(arguments)}` ended with status {done.returncode}")
    return done


def shown_runs(url: str) -> tuple[int, bool]:
    """Check what a store shows of the original: nothing else; return how many records, and whether it is all.

    Raises
    ------
    Broken
        When it shows a record that was never recorded.
    """
    count, is_all = 0, True
    try:
        with closing(open_store(url)) as store:
            list_runs(store)
            for run_id, whole in original().runs.items():
                try:
                    records = read_series(store, run_id)
                except (CodecError, StoreError):
                    is_all = False
                    continue
                places = np.searchsorted(whole.records["step"], records["step"])
                mine = [array[np.minimum(places, len(whole.records) - 1)] for array in whole.records.arrays]
                theirs = Kept(b"", -1, type(records)(records.scalars.copy(), *records.arrays[1:]))
                for one, other in zip(mine, theirs.records.arrays, strict=True):
                    if len(records) and one.tobytes() != other.tobytes():
                        raise Broken(f"run {run_id} is shown with records that were never made")
                count += len(records)
                is_all &= len(records) == len(whole.records) and _has_state(store, run_id, whole)
    except (StoreError, NoSuchRun):
        return count, False
    return count, is_all


def _has_state(store: Store, run_id: int, whole: Kept) -> bool:
    try:
        return kept(store, run_id).state == whole.state
    except Broken:
        return False


def check_damaged(lab: Lab) -> None:
    """Check what every command does with the damaged store of a lab, and what ``doctor --repair`` saves."""
    checked = said(lab, "doctor")
    if checked.returncode == 2:
        raise Broken(f"doctor does not say what is damaged: {checked.stderr}")
    for arguments in (["list"], ["list", "--json"], ["show", "1"], ["export", "1"]):
        said(lab, *arguments)
    _, is_all = shown_runs(lab.url)
    if checked.returncode == 0 and not is_all:
        raise Broken("doctor finds nothing wrong with a store that has lost something")
    new = lab.folder / "new.db"
    repaired = said(lab, "doctor", "--repair", str(new))
    if repaired.returncode == 0:
        if wrong := problems_of(new):
            raise Broken(f"the repaired store is damaged: {wrong[0]}")
        _, is_all = shown_runs(f"sqlite:///{new}")
        if not is_all and "lost: " not in repaired.stdout:
            raise Broken("what was lost is not listed")
    said(lab, "train", "--epochs", "1", "--samples", "60", "--hidden-sizes", "3")


def damaged_by(change: Callable[[Random, Path], None]) -> Callable[[Lab, int], int]:
    """Return what inflicts a change of the store's file."""

    def inflict(lab: Lab, times: int) -> int:
        for _ in range(times):
            for old in lab.folder.glob("*.db*"):
                old.unlink()
            lab.place.write_bytes(original().content)
            change(lab.random, lab.place)
            check_damaged(lab)
        return times

    inflict.__name__ = change.__name__
    return inflict


def zero_pages(random: Random, path: Path) -> None:
    """Zero one to four pages that follow each other."""
    content = bytearray(path.read_bytes())
    count = random.randint(1, 4)
    start = PAGE * random.randrange(len(content) // PAGE - count)
    content[start : start + count * PAGE] = bytes(count * PAGE)
    path.write_bytes(content)


def cut_off(random: Random, path: Path) -> None:
    """Cut the file off anywhere."""
    content = path.read_bytes()
    path.write_bytes(content[: random.randrange(1, len(content))])


def drop_table(random: Random, path: Path) -> None:
    """Drop one of the tables."""
    with opened(path) as connection:
        connection.execute(f"DROP TABLE {random.choice(sorted(metadata.tables))}")


def flip(random: Random, blob: bytes) -> bytes:
    """Return a blob with one to eight other bits, or cut short."""
    if random.random() < 0.3:
        return blob[: random.randrange(len(blob))]
    changed = bytearray(blob)
    for place in random.sample(range(len(blob)), random.randint(1, 8)):
        changed[place] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_chunk(random: Random, path: Path) -> None:
    """Flip bits in one of the chunks of records."""
    with opened(path) as connection:
        rows = connection.execute("SELECT rowid, scalars, layers FROM chunks").fetchall()
        rowid, scalars, layers = random.choice(rows)
        column, blob = random.choice((("scalars", scalars), ("layers", layers)))
        connection.execute(
            f"UPDATE chunks SET {column} = ? WHERE rowid = ?",  # noqa: S608 - our own names
            (flip(random, blob), rowid),
        )


def flip_checkpoint(lab: Lab, times: int) -> int:
    """Flip bits in the newest checkpoint of a stopped run, and resume it."""
    first = original()
    query = "SELECT step, state FROM checkpoints WHERE run_id = ? ORDER BY step DESC LIMIT 1"
    for _ in range(times):
        shutil.rmtree(lab.folder / "one", ignore_errors=True)
        (lab.folder / "one").mkdir()
        lab.place = lab.folder / "one" / "lab.db"
        lab.place.write_bytes(first.content)
        with opened(lab.place) as connection:
            step, blob = connection.execute(query, (first.stopped,)).fetchone()
            connection.execute(
                "UPDATE checkpoints SET state = ? WHERE run_id = ? AND step = ?",
                (flip(lab.random, blob), first.stopped, step),
            )
        if said(lab, "doctor").returncode != 1:
            raise Broken("doctor finds nothing wrong with a damaged checkpoint")
        if said(lab, "resume", str(first.stopped)).returncode:
            raise Broken("a run is not resumed from the checkpoint before a damaged one")
        with closing(open_store(lab.url)) as store:
            if wrong := first.unbroken.missing_in(kept(store, first.stopped)):
                raise Broken(f"a run that passed over a damaged checkpoint ended with {wrong}")
            with store.reading() as connection:
                noted = connection.exec_driver_sql("SELECT old FROM events WHERE field = 'checkpoint'").all()
        if [row.old for row in noted] != ["1 damaged"]:
            raise Broken("a damaged checkpoint is not noted with its run")
    return times


COMMANDS = "`list`, `show`, `export`, `train` and `doctor` work or say in one line what is wrong"
FOUND_OUT = (
    "no record is shown that was never made; `doctor` finds out; `doctor --repair` saves a whole store"
)
STORES = tuple(
    Fault(name, f"{COMMANDS}; {FOUND_OUT}", damaged_by(change), small=1, full=100, together=20)
    for name, change in (
        ("store with one to four zeroed pages", zero_pages),
        ("store that is cut off at a random place", cut_off),
        ("store without one of its tables", drop_table),
        ("flipped bits in a chunk of records, or its end is missing", flip_chunk),
    )
)
CHECKPOINTS = Fault(
    "flipped bits in the newest checkpoint, or its end is missing",
    f"`doctor` finds out; `resume` goes on from the one before and notes it; {BITS}",
    flip_checkpoint,
    small=2,
    full=100,
    together=20,
)
DAMAGES = (*STORES, CHECKPOINTS)
