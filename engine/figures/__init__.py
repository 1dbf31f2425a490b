"""Figures: one function a question, from data to a plotly figure.

The docstring of a figure names what it makes visible. Text that enters one goes through ``theme.label``.
"""
