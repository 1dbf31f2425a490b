"""Train."""
import streamlit as st
from ui.shell import open_page
store = open_page()
st.title("Train")
st.write(store.url, st.query_params.to_dict())
