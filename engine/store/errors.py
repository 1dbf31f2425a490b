"""What can be wrong with a store, as one sentence for people: it has to be waited for, or it is damaged."""

from sqlalchemy.exc import DatabaseError

SIGNS_OF_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "has no column named")
UNUSABLE = ("disk I/O error", "unable to open", "readonly database")
REPAIR = "`doctor` checks it, `doctor --repair FILE` saves what can be read"


class StoreError(Exception):
    """A store that cannot be used; its text is one sentence for people."""


class StoreWaits(StoreError):
    """Nothing can be written just now, but waiting can help: the disk is full, or the store is locked."""


def explained(where: str, error: DatabaseError) -> StoreError | None:
    """Return what a database's error means for people; None where it is no fault of the store.

    Parameters
    ----------
    where : str
        The path of the store, or its address without a password.
    """
    reason = str(error.orig)
    if "disk is full" in reason:
        return StoreWaits(f"the disk of the store {where} is full")
    if "is locked" in reason:
        return StoreWaits(f"another process holds the write lock of the store {where}")
    if any(part in reason for part in SIGNS_OF_DAMAGE):
        return StoreError(f"the store {where} is damaged or no store ({reason}): {REPAIR}")
    if any(part in reason for part in UNUSABLE):
        return StoreError(f"the store {where} cannot be used: {reason}")
    return None
