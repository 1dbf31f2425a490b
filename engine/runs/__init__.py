"""Runs: the store, the workers that train what is queued, and exports; must not know any page."""
