"""Bundles that are damaged: other bits, cut off, fields and parts that changed places."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.faults_damage import original, said
from benchmarks.faults_lab import Fault, Lab
from benchmarks.faults_runs import Broken, kept
from engine.exchange.export import exported
from engine.exchange.export.bundle import MANIFEST
from engine.store.runs import list_runs
from engine.store.store import open_store

BUNDLED = (1, 2)


@cache
def bundle() -> bytes:
    """Return a bundle of two runs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lab.db"
        path.write_bytes(original().content)
        store = open_store(f"sqlite:///{path}")
        content = exported(store, list(BUNDLED), "bundle")
        store.close()
    return content


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of a bundle by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """Return a bundle of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def flip_bits(random: Random, content: bytes) -> bytes:
    """Flip one to eight bits: half of the times among the 4000 bytes at the end, which name the parts."""
    changed = bytearray(content)
    first = len(content) - 4000 if random.random() < 0.5 else 0
    for place in random.sample(range(first, len(content)), random.randint(1, 8)):
        changed[place] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut_short(random: Random, content: bytes) -> bytes:
    """Cut it off anywhere."""
    return content[: random.randrange(1, len(content))]


def swap_fields(random: Random, content: bytes) -> bytes:
    """Let two fields of a run in ``bundle.json`` change places."""
    parts = parts_of(content)
    about = json.loads(parts[MANIFEST])
    run = random.choice(about["runs"])
    one, other = random.sample(sorted(run), 2)
    run[one], run[other] = run[other], run[one]
    return packed(parts | {MANIFEST: json.dumps(about).encode()})


def swap_parts(random: Random, content: bytes) -> bytes:
    """Let the contents of two parts change places."""
    parts = parts_of(content)
    one, other = random.sample(sorted(parts), 2)
    return packed(parts | {one: parts[other], other: parts[one]})


def imported_after(change: Callable[[Random, bytes], bytes], *, is_same: bool) -> Callable[[Lab, int], int]:
    """Return what imports a changed bundle; ``is_same``: what is taken must be what was exported."""

    def inflict(lab: Lab, times: int) -> int:
        file = lab.folder / "runs.zip"
        for number in range(times):
            lab.end()
            lab.place = lab.folder / f"lab{number}.db"
            file.write_bytes(change(lab.random, bundle()))
            done = said(lab, "import", str(file))
            taken = [row.id for row in list_runs(lab.store)]
            if (done.returncode == 0) != bool(taken):
                raise Broken(f"an import that ended with status {done.returncode} left the runs {taken}")
            for arguments in (["list"], ["list", "--json"], *(["show", str(run_id)] for run_id in taken)):
                if said(lab, *arguments).returncode:
                    raise Broken(f"`{' '.join(arguments)}` fails after an import")
            for run_id, before in zip(sorted(taken), BUNDLED, strict=bool(taken)):
                if is_same and (wrong := original().runs[before].missing_in(kept(lab.store, run_id))):
                    raise Broken(f"a damaged bundle was imported with {wrong}")
        return times

    inflict.__name__ = change.__name__
    return inflict


SAME, OTHER = "with the very bits that were exported", "and every list shows it"
REFUSED = "refused in one line and the store is as it was; or imported,"
BUNDLES = tuple(
    Fault(name, f"{REFUSED} {then}", imported_after(change, is_same=is_same), small=2, full=200, together=50)
    for name, change, is_same, then in (
        ("bundle with one to eight flipped bits", flip_bits, True, SAME),
        (
            "bundle that is cut off at a random place",
            cut_short,
            True,
            SAME,
        ),
        ("bundle in which two fields of a run changed places", swap_fields, False, OTHER),
        ("bundle in which two parts changed places", swap_parts, False, OTHER),
    )
)
