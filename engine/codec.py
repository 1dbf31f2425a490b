"""One binary form for all arrays that are stored: a JSON header, then little-endian bytes; no pickle."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

MAGIC = b"BPLAB1\n"
KINDS = "fiub"
# Name, dtype and shape of an array.
Listed = tuple[str, np.dtype[Any], tuple[int, ...]]
_header_text = json.JSONEncoder(separators=(",", ":")).encode


class CodecError(ValueError):
    """Bytes that were not written by :func:`pack`, or that were damaged since."""


def pack(
    arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None = None, columns: tuple[str, ...] = ()
) -> bytes:
    """Return arrays and JSON-able facts as bytes that :func:`unpack` reads.

    Layout: magic, header length (8 bytes, little-endian), sha256 of length and rest (32 bytes), header (JSON
    with ``meta``, ``columns`` where there are some, and name, dtype, shape of each array), then the arrays in
    that order, C order.

    Parameters
    ----------
    columns : tuple of str
        What stands at each place along the last axis of the arrays, for :func:`unpack_table`.

    Raises
    ------
    TypeError
        For an array that is not of numbers or booleans.
    """
    listed, bodies = [], list[memoryview]()
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise TypeError(f"array {name!r} must hold numbers, got dtype {array.dtype}")
        little = np.ascontiguousarray(array, dtype=_little(array.dtype))
        listed.append((name, little.dtype, array.shape))
        bodies.append(little.reshape(-1).view(np.uint8).data)
    header = _header(dict(meta), listed, columns) if meta else _header_without_facts(tuple(listed), columns)
    length = len(header).to_bytes(8, "little")
    digest = hashlib.sha256(length + header)
    for body in bodies:
        digest.update(body)
    return b"".join([MAGIC, length, digest.digest(), header, *bodies])


def _header(meta: dict[str, Any], listed: Iterable[Listed], columns: tuple[str, ...]) -> bytes:
    arrays = [{"name": name, "dtype": dtype.str, "shape": list(shape)} for name, dtype, shape in listed]
    named = {"columns": columns} if columns else {}
    return _header_text({"meta": meta, **named, "arrays": arrays}).encode()


@lru_cache(maxsize=64)
def _header_without_facts(listed: tuple[Listed, ...], columns: tuple[str, ...]) -> bytes:
    """Return the header of arrays alone: all snapshots and all full chunks of a run have the same."""
    return _header({}, listed, columns)


@lru_cache(maxsize=64)
def _little(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.newbyteorder("<")


def unpack(blob: bytes, *, copy: bool = True) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and the facts that :func:`pack` was given.

    The arrays are writable copies, or, without ``copy``, views of the blob that cannot be written.

    Raises
    ------
    CodecError
        When the bytes are foreign, cut short or changed.
    """
    arrays, meta, _ = _unpacked(blob, copy)
    return arrays, json.loads(meta) if meta else {}


def unpack_table(blob: bytes, *, copy: bool = True) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return the arrays and the columns that :func:`pack` was given; no columns where it was given none.

    Raises
    ------
    CodecError
        When the bytes are foreign, cut short or changed.
    """
    arrays, _, columns = _unpacked(blob, copy)
    return arrays, columns


def _unpacked(blob: bytes, copy: bool) -> tuple[dict[str, np.ndarray], str, tuple[str, ...]]:
    """Return the arrays, the facts as JSON (empty without any) and the columns."""
    start = len(MAGIC) + 8 + 32
    if len(blob) < start or blob[: len(MAGIC)] != MAGIC:
        raise CodecError("these bytes were not written by this program")
    length = int.from_bytes(blob[len(MAGIC) : len(MAGIC) + 8], "little")
    rest = memoryview(blob)[start:]
    digest = hashlib.sha256(blob[len(MAGIC) : len(MAGIC) + 8])
    digest.update(rest)
    if digest.digest() != blob[len(MAGIC) + 8 : start]:
        raise CodecError("the stored bytes are damaged: their sha256 does not match")
    meta, columns, layout, size = _layout(bytes(rest[:length]))
    if length + size > len(rest):
        raise CodecError("the stored bytes end too early")
    arrays: dict[str, np.ndarray] = {}
    for name, dtype, shape, count, place in layout:
        array = np.frombuffer(rest, dtype, count, length + place).reshape(shape)
        arrays[name] = array.astype(dtype.newbyteorder("=")) if copy else array
    return arrays, meta, columns


@lru_cache(maxsize=64)
def _layout(
    header: bytes,
) -> tuple[str, tuple[str, ...], list[tuple[str, np.dtype, tuple[int, ...], int, int]], int]:
    """Return the facts as JSON, the columns, name, dtype, shape, count, place of each array, bytes of all.

    Kept, since most blobs that are read are chunks of records whose headers are the same to the byte.
    """
    facts, layout, place = json.loads(header), [], 0
    for entry in facts["arrays"]:
        dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
        if dtype.kind not in KINDS:
            raise CodecError(f"array {entry['name']!r} has dtype {dtype}, which is never stored")
        count = math.prod(shape)
        layout.append((entry["name"], dtype, shape, count, place))
        place += count * dtype.itemsize
    meta = _header_text(facts["meta"]) if facts["meta"] else ""
    return meta, tuple(facts.get("columns", ())), layout, place
