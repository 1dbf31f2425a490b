"""Recognises a file by its content and puts its runs into the store, all of them or none."""

from engine.exchange.imports.bundle import read_bundle
from engine.exchange.imports.curves import Curves, keep_curves
from engine.exchange.imports.errors import BadFile
from engine.exchange.imports.parquet import read_parquet
from engine.exchange.imports.text import read_csv
from engine.store.store import Store

LARGEST_TABLE, LARGEST_BUNDLE = 50_000_000, 512 * 2**20
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
FOREIGN = {
    b"\x1f\x8b": "a gzip file: unpack it first",
    b"BZh": "a bzip2 file: unpack it first",
    b"\xfd7zXZ": "an xz file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it first",
    b"7z\xbc\xaf": "a 7z file: unpack it first",
    b"SQLite format 3": "a database: name it as a store instead",
    b"\x93NUMPY": "a NumPy array",
    b"%PDF": "a PDF",
    b"\x80": "a pickle, which is never read",
}


def import_file(store: Store, content: bytes) -> list[int]:
    """Import the runs of a CSV (long), Parquet or bundle that :mod:`engine.exchange.export` wrote.

    Parameters
    ----------
    content : bytes
        The file as it stands; what it is called plays no part.

    Returns
    -------
    list of int
        Numbers of the new runs, in the order of the file.

    Raises
    ------
    BadFile
        One sentence on what is wrong; the store is as it was.
    """
    limit = LARGEST_BUNDLE if content.startswith(ZIP) else LARGEST_TABLE
    if len(content) > limit:
        raise BadFile(f"the file must have at most {limit / 1e6:.0f} MB, got {len(content) / 1e6:.1f} MB")
    if not content.strip():
        raise BadFile("the file is empty")
    if content.startswith(ZIP):
        return read_bundle(store, content)
    for opening, kind in FOREIGN.items():
        if content.startswith(opening):
            raise BadFile(f"the file must be CSV, Parquet or a bundle, got {kind}")
    found: list[Curves] = read_parquet(content) if content.startswith(PARQUET) else read_csv(content)
    return keep_curves(store, found)
