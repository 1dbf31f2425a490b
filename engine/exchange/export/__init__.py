"""Runs as files: CSV, Parquet, JSON, weights and bundles that come back without loss.

A file for each kind of format; ``formats`` names them all.
"""

from engine.exchange.export.formats import FORMATS, ExportFormat, exported, write_export
from engine.exchange.export.text import layers_csv, metrics_csv, wide_csv

__all__ = ["FORMATS", "ExportFormat", "exported", "layers_csv", "metrics_csv", "wide_csv", "write_export"]
