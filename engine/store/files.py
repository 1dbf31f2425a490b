"""Uploaded files, stored by their content."""

import hashlib
import time

import sqlalchemy as sa

from engine.store.schema import files
from engine.store.store import Store


class NoSuchFile(LookupError):
    """No file has this id; its text is one sentence for people."""


def keep_file(store: Store, name: str, content: bytes) -> str:
    """Store a file unless its content is there already; return its id, the sha256 of the content in hex."""
    file_id = hashlib.sha256(content).hexdigest()
    with store.writing() as connection:
        if connection.scalar(sa.select(files.c.id).where(files.c.id == file_id)) is None:
            row = {"id": file_id, "name": name[:200], "created_at": time.time(), "content": content}
            connection.execute(files.insert().values(row))
    return file_id


def file_content(store: Store, file_id: str) -> bytes:
    """Return the bytes of a stored file.

    Raises
    ------
    NoSuchFile
        When no file has this id.
    """
    with store.reading() as connection:
        content = connection.scalar(sa.select(files.c.content).where(files.c.id == file_id))
    if content is None:
        raise NoSuchFile(f"no such file: {file_id[:64]}")
    return content


def list_files(store: Store, limit: int = 100) -> list[tuple[str, str]]:
    """Return id and name of the newest files, newest first."""
    query = sa.select(files.c.id, files.c.name).order_by(files.c.created_at.desc()).limit(limit)
    with store.reading() as connection:
        return [(row.id, row.name) for row in connection.execute(query).all()]
