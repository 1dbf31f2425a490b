"""Runs as files, out and in: CSV, Parquet, JSON, weights and bundles.

What is exported losslessly can be imported again. A file from outside is checked against a model first, and
an import stores all of its runs or none.
"""
