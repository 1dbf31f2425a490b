"""The one error of a file that cannot be imported."""

from engine.config.errors import shown

__all__ = ["BadFile", "shown"]


class BadFile(ValueError):
    """A file that cannot be imported; its text is one sentence for people."""
