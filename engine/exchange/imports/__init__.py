"""Imports runs: what was exported comes back as a run, and nothing is believed unchecked."""

from engine.exchange.imports.files import BadFile, import_file

__all__ = ["BadFile", "import_file"]
