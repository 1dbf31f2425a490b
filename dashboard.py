"""The dashboard: starts the server, names the pages and runs the chosen one."""

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from ui.live_chart.assets import plotly_script
from ui.server.files import KeepFiles
from ui.server.origin import OwnOrigin
from ui.server.root import TellRoot
from ui.server.start import warming
from ui.shared.damage import saying_damage
from ui.shared.frame import LOGO, SIDEBAR_WIDTH, start_background

# What opening a page imports; and, once the first page has had its time, what is needed less often.
NEEDED = ("ui.train.live", "ui.compare.curves", "ui.runs.table")
LATER = ("plotly.graph_objects", "sklearn.metrics")
LATER_SECONDS = 8.0
# By file in `pages/`: icon, and what the page is for. The first one is that of the bare address.
PAGES = {
    "train": (
        "play_circle",
        "Choose data, network and optimizer, press Start and watch everything move.",
    ),
    "backprop": (
        "account_tree",
        "One training step, call by call: the forward pass, the loss, the backward pass, the update.",
    ),
    "learn": ("school", "Lessons that train what they claim, and a quiz before and after."),
    "gradients": ("layers", "Gradients, updates, dead and saturated units of each layer; clipping."),
    "overfitting": (
        "call_split",
        "When a run began to overfit, and what early stopping or more data would give.",
    ),
    "compare": (
        "stacked_line_chart",
        "Overlay the curves of several runs, see what differs, download them as CSV.",
    ),
    "runs": ("table_rows", "Find, name, tag, continue, export, import, archive and delete runs."),
    "data": ("table_chart", "Built-in datasets, your own tables, predictions for new rows."),
}


def show_page() -> None:
    """Draw the frame and, within it, the page that the address names."""
    st.set_page_config(
        page_title="Backprop Lab",
        page_icon=str(LOGO.with_name("icon.svg")),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(LOGO.with_name("style.css"))

    pages = [
        st.Page(f"pages/{name}.py", title=name.capitalize(), icon=f":material/{icon}:", help=help_text)
        for name, (icon, help_text) in PAGES.items()
    ]
    first = pages[0]

    def home() -> None:
        """Redirect the bare address to the first page, with its query."""
        st.switch_page(first, query_params=st.query_params.to_dict())

    bare = st.Page(home, title="Home", default=True, visibility="hidden")
    page = st.navigation([bare, *pages], position="top")
    # Without a sidebar the whole logo stands in the header, and the menu where it stands beside a sidebar.
    st.logo(str(LOGO), icon_image=str(LOGO.with_name("icon.svg") if page == first else LOGO), size="large")
    start_background()
    plotly_script()
    if page != first:
        # The form's place goes at once, not only when the page that was left is cleared away.
        st.html(f"<style>.stSidebar {{ display: none; }} :root {{ --menu-from: {SIDEBAR_WIDTH}px; }}</style>")
    with saying_damage():
        page.run()


if __name__ == "__main__":
    show_page()  # Streamlit runs this file anew for every look at a page
else:
    # ... and imports it once, where the server starts: this is what answers requests.
    plotly_script()  # the folder of static files is looked for at the start
    app = App(
        "dashboard.py",
        lifespan=warming(NEEDED, LATER, LATER_SECONDS),
        middleware=[Middleware(OwnOrigin), Middleware(KeepFiles), Middleware(TellRoot)],
    )
