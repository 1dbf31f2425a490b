"""The data of a run: made or read from a table, split, encoded, and stored by content."""
