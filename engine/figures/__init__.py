"""Figures: one function a question, from data to a plotly figure."""
