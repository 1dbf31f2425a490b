"""Imports runs: what was exported comes back as a run, and nothing is believed unchecked.

``files`` tells by the content what a file is, and one error, ``BadFile``, says what was required.
"""

from engine.exchange.imports.files import BadFile, import_file

__all__ = ["BadFile", "import_file"]
