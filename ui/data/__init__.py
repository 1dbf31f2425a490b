"""The Data page: built-in datasets, tables of one's own, predictions for new rows."""
