"""The Data page: built-in datasets, your own tables, predictions for new rows."""
