"""Runs as files, out and in: CSV, Parquet, JSON, weights and bundles."""
