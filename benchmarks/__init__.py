"""Measurements that docs/ states; each file is one command that prints one table."""
