"""Data: built-in datasets, your own tables, predictions for new rows."""

import streamlit as st

from ui.data.datasets import show_gallery
from ui.data.predict import predict_rows
from ui.data.table_upload import upload_table
from ui.shared.frame import page_store

store = page_store()
datasets, own, predictions = st.tabs(["Datasets", "Your table", "Predict"])
with datasets:
    st.subheader("Datasets that stand ready")
    show_gallery(store)
with own:
    st.subheader("A table of your own")
    upload_table(store)
with predictions:
    st.subheader("Predictions for new rows")
    predict_rows(store)
