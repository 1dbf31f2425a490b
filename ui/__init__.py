"""Streamlit pieces that the pages share; must not know how a network trains or how a run is stored."""
