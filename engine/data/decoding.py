"""Bytes to text for a table: what is no text is refused, the encoding is decided."""

import re

from engine.config.errors import ConfigError

BYTES_AT_MOST = 50_000_000
KNOWN_STARTS = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstandard archive",
    b"7z\xbc\xaf": "a 7-zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
}
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
SHOWN_ENCODINGS = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "latin-1": "Latin-1"}


class TableError(ConfigError):
    """A table that cannot be used; its text is one sentence for people."""


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a CSV file and the name of its encoding: UTF-8, UTF-16 or Latin-1.

    The content decides, never a file's name: a byte order mark first, then whether it is valid UTF-8.

    Raises
    ------
    TableError
        For nothing, more than 50 MB, an archive or another known binary format, bytes that are no text.
    """
    if len(content) > BYTES_AT_MOST:
        raise TableError(f"the file must have at most 50 MB, got {len(content) / 1e6:,.0f} MB")
    if not content.strip():
        raise TableError("the file must hold a line of column names and rows below it, got nothing")
    for start, kind in KNOWN_STARTS.items():
        if content.startswith(start):
            raise TableError(f"the file must be CSV text, got {kind}")
    text, encoding = _decoded(content)
    control = CONTROL.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start()) + 1
        name = "a NUL byte" if control.group() == "\0" else f"the control character {ord(control.group())}"
        raise TableError(f"the file must be text, got {name} on line {line:,}")
    return text, SHOWN_ENCODINGS[encoding]


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise TableError(
                    f"the file claims to be {SHOWN_ENCODINGS[encoding]}, but byte {error.start:,} is not"
                ) from None
    for encoding in _without_mark(content):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def _without_mark(content: bytes) -> tuple[str, ...]:
    """Return the encodings to try: every second byte of Western text in UTF-16 is 0."""
    if len(content) % 2 == 0:
        for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            part = content[offset:4096:2]
            if part.count(0) > 0.8 * len(part):
                return (encoding, "utf-8")
    return ("utf-8",)
