"""The Runs page: the table of all runs, and what is done with them.

The store searches, sorts and pages; actions work on what is selected.
"""
