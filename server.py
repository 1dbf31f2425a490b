"""Starts the server: ``streamlit run server.py``. The pages and their frame are in ``dashboard.py``."""

from starlette.middleware import Middleware
from streamlit.starlette import App

from ui.shared.serving import TellRoot, warming

# What opening a page imports. Train first; scikit-learn takes longest and is used last.
NEEDED = ("ui.train.live", "ui.compare.curves", "ui.runs.table", "plotly.graph_objects", "sklearn.metrics")

app = App("dashboard.py", lifespan=warming(NEEDED), middleware=[Middleware(TellRoot)])
