"""One binary form for all arrays that are stored: a JSON header, then little-endian bytes; no pickle."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

MAGIC = b"BPLAB1\n"
KINDS = "fiub"
_header_text = json.JSONEncoder(separators=(",", ":")).encode


class CodecError(ValueError):
    """Bytes that were not written by :func:`pack`, or that were damaged since."""


def pack(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays and JSON-able facts as bytes that :func:`unpack` reads.

    Layout: magic, header length (8 bytes, little-endian), sha256 of length and rest (32 bytes), header (JSON
    with ``meta`` and name, dtype, shape of each array), then the arrays in that order, C order.

    Raises
    ------
    TypeError
        For an array that is not of numbers or booleans.
    """
    listed, bodies = [], []
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise TypeError(f"array {name!r} must hold numbers, got dtype {array.dtype}")
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        listed.append({"name": name, "dtype": little.dtype.str, "shape": list(array.shape)})
        bodies.append(little.tobytes())
    header = _header_text({"meta": dict(meta or {}), "arrays": listed}).encode()
    rest = b"".join([header, *bodies])
    length = len(header).to_bytes(8, "little")
    return b"".join([MAGIC, length, hashlib.sha256(length + rest).digest(), rest])


def unpack(blob: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays (writable copies) and the facts that :func:`pack` was given.

    Raises
    ------
    CodecError
        When the bytes are foreign, cut short or changed.
    """
    start = len(MAGIC) + 8 + 32
    if len(blob) < start or blob[: len(MAGIC)] != MAGIC:
        raise CodecError("these bytes were not written by this program")
    length = int.from_bytes(blob[len(MAGIC) : len(MAGIC) + 8], "little")
    rest = memoryview(blob)[start:]
    digest = hashlib.sha256(blob[len(MAGIC) : len(MAGIC) + 8])
    digest.update(rest)
    if digest.digest() != blob[len(MAGIC) + 8 : start]:
        raise CodecError("the stored bytes are damaged: their sha256 does not match")
    header = json.loads(bytes(rest[:length]))
    arrays: dict[str, np.ndarray] = {}
    position = length
    for entry in header["arrays"]:
        dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
        if dtype.kind not in KINDS:
            raise CodecError(f"array {entry['name']!r} has dtype {dtype}, which is never stored")
        count = math.prod(shape)
        if position + count * dtype.itemsize > len(rest):
            raise CodecError("the stored bytes end too early")
        flat = np.frombuffer(rest, dtype, count, position)
        arrays[entry["name"]] = flat.astype(dtype.newbyteorder("=")).reshape(shape)
        position += count * dtype.itemsize
    return arrays, header["meta"]
