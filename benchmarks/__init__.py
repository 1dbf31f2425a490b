"""Measurements that the README states; each file is one command that prints one table."""
