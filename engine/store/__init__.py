"""The store: runs, records, checkpoints, data, events and leases in one database.

It is the truth about every run. A part of a run is written in one transaction with the state that belongs to
it, so what a killed process leaves is always a consistent beginning.
"""
