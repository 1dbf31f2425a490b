"""Backprop Lab's engine: trains multilayer perceptrons by backpropagation.

Nothing here imports Streamlit: the command line, workers and tests use the engine without a dashboard.
"""

__version__ = "0.1.0"
