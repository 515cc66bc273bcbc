"""What a filter costs at the least: a page with nothing but it and as many charts as it is asked for."""

import sys

import plotly.graph_objects as go
import streamlit as st

st.set_page_config(layout="wide")
with st.sidebar:
    chosen = st.multiselect("Location", ["Downtown", "Riverside"], key="location")
st.title("Floor")
for number in range(int(sys.argv[1])):
    bars = go.Bar(x=[1 + len(chosen), 2, 3], y=["a", "b", "c"], orientation="h")
    st.plotly_chart(go.Figure(bars), key=f"chart_{number}")
