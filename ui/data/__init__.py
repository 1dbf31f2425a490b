"""The Data page: built-in datasets, your own tables, predictions for new rows.

A table is reviewed before anything is trained on it: what is suspicious is said in sentences.
"""
