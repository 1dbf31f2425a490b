"""Runs out of files: what was exported comes back as a run; bytes only, nothing believed unchecked."""

from engine.exchange.imports.files import BadFile, import_file

__all__ = ["BadFile", "import_file"]
