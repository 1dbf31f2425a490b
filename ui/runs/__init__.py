"""The Runs page: the table of all runs, and what is done with them."""
