"""Compare: several runs over each other, what differs between them, and their CSV; must not train."""

import streamlit as st

from ui.comparison import choose_runs, show_curves, show_differences, show_downloads, show_numbers
from ui.runs import asked_runs, is_moving
from ui.shell import open_page
from ui.text import as_markdown

store = open_page()
st.header("Compare runs", anchor=False)
asked, sentences = asked_runs(store, "runs") if "runs" in st.query_params else ([], [])
for sentence in sentences[:3]:
    st.warning(as_markdown(sentence), icon=":material/search_off:")
chosen = choose_runs(store, asked)
if chosen:
    pace = 1.0 if is_moving(chosen) else None
    st.fragment(show_curves, run_every=pace)([row.id for row in chosen], pace)
    numbers, differences = st.columns(2)
    with numbers:
        show_numbers(chosen)
    with differences:
        show_differences(chosen)
    show_downloads(store, chosen)
