"""The data of a run: made or read from a table, split, encoded, and stored by content.

Toys, bundled sets and people's own tables all become a ``Dataset``: arrays of three splits, and what is
needed to encode new rows in the same way.
"""
