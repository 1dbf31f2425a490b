"""The data of a run: making, splitting and storing it; must not know networks."""
