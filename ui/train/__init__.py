"""The Train page: the form that describes a run, its controls, and the run as it moves.

The form is drawn from the settings of ``engine.config``; nothing is validated here.
"""
