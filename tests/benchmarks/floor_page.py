"""What a filter costs at the least: an empty Streamlit page with a filter and as many charts as it is asked for.

Its charts are small and made before the first run; each run only sends them anew.
"""

import sys

import plotly.graph_objects as go
import streamlit as st

CHARTS = int(sys.argv[1])

st.set_page_config(layout="wide")
with st.sidebar:
    chosen = st.multiselect("Location", ["Downtown", "Riverside"], key="location")
st.title("Floor")
for number in range(CHARTS):
    bars = go.Bar(x=[1 + len(chosen), 2, 3], y=["a", "b", "c"], orientation="h")
    st.plotly_chart(go.Figure(bars), key=f"chart_{number}")
