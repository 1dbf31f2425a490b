"""The Train page: the form that describes a run, its controls, and the run as it moves."""
