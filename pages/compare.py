"""Compare."""
import streamlit as st
from ui.shell import open_page
store = open_page()
st.title("Compare")
