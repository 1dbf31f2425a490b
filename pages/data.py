"""Data: built-in datasets, your own tables, predictions for new rows."""

import streamlit as st

from ui.data.datasets import show_datasets
from ui.data.predict import predict_rows
from ui.data.table_upload import upload_table
from ui.shared.frame import page_store
from ui.shared.widgets import OWN_TABLES

store = page_store()
datasets, tables, predictions = st.tabs(
    ["Datasets", OWN_TABLES, "Predict"], default=st.session_state.get("data_tab")
)
with datasets:
    st.subheader("Built-in datasets")
    show_datasets(store)
with tables:
    st.subheader(OWN_TABLES)
    upload_table(store)
with predictions:
    st.subheader("Predict new rows")
    predict_rows(store)
