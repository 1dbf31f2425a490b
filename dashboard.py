"""The dashboard: starts the server, names the pages and runs the chosen one."""

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from ui.live_chart.assets import plotly_script
from ui.shared.frame import LOGO, SIDEBAR_WIDTH, start_background
from ui.shared.serving import TellRoot, warming

# What opening a page imports; and, once the first page has had its time, what is needed less often.
NEEDED = ("ui.train.live", "ui.compare.curves", "ui.runs.table")
LATER = ("plotly.graph_objects", "sklearn.metrics")
LATER_SECONDS = 8.0


def show_page() -> None:
    """Draw the frame and, within it, the page that the address names."""
    st.set_page_config(
        page_title="Backprop Lab",
        page_icon=str(LOGO.with_name("icon.svg")),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(LOGO.with_name("style.css"))
    st.logo(str(LOGO), icon_image=str(LOGO.with_name("icon.svg")), size="large")

    train = st.Page(
        "pages/train.py",
        title="Train",
        icon=":material/play_circle:",
        help="Choose data, network and optimizer, press Start and watch everything move.",
    )
    gradients = st.Page(
        "pages/gradients.py",
        title="Gradients",
        icon=":material/layers:",
        help="Gradients, updates, dead and saturated units of each layer; clipping.",
    )
    overfitting = st.Page(
        "pages/overfitting.py",
        title="Overfitting",
        icon=":material/call_split:",
        help="When a run began to overfit, and what early stopping or more data would give.",
    )
    compare = st.Page(
        "pages/compare.py",
        title="Compare",
        icon=":material/stacked_line_chart:",
        help="Overlay the curves of several runs, see what differs, download them as CSV.",
    )
    runs = st.Page(
        "pages/runs.py",
        title="Runs",
        icon=":material/table_rows:",
        help="Find, name, tag, continue, export, import, archive and delete runs.",
    )
    data = st.Page(
        "pages/data.py",
        title="Data",
        icon=":material/table_chart:",
        help="Built-in datasets, your own tables, predictions for new rows.",
    )

    def home() -> None:
        """Redirect the bare address to the Train page, with its query."""
        st.switch_page(train, query_params=st.query_params.to_dict())

    page = st.navigation(
        [
            st.Page(home, title="Home", default=True, visibility="hidden"),
            train,
            gradients,
            overfitting,
            compare,
            runs,
            data,
        ],
        position="top",
    )
    start_background()
    plotly_script()
    if page != train:
        # The form's place goes at once, not only when the page that was left is cleared away.
        st.html("<style>.stSidebar { display: none; }</style>")
    page.run()


if __name__ == "__main__":
    show_page()  # Streamlit runs this file anew for every look at a page
else:
    # ... and imports it once, where the server starts: this is what answers requests.
    app = App(
        "dashboard.py", lifespan=warming(NEEDED, LATER, LATER_SECONDS), middleware=[Middleware(TellRoot)]
    )
