"""Measurements that docs/ states; each file is one command that prints one table.

What two candidates take is compared in interleaved rounds of one process, as a ratio.
"""
