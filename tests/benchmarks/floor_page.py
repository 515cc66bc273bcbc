"""What a filter costs at the least: a page with as many charts, tables, texts and further filters as it is asked for.

It counts nothing; each run only sends them anew.
"""

import sys

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

CHARTS, TABLES, TEXTS, FILTERS = (int(number) for number in sys.argv[1:])

st.set_page_config(layout="wide")
with st.sidebar:
    chosen = st.multiselect("Location", ["Downtown", "Riverside"], key="location")
    for number in range(FILTERS):
        st.multiselect(f"Filter {number}", ["One", "Other"], key=f"filter_{number}")
st.title("Floor")
for number in range(TEXTS):
    st.markdown(f"Of **{number} leads**, {len(chosen)} were chosen.")
for number in range(CHARTS):
    bars = go.Bar(x=[1 + len(chosen), 2, 3], y=["a", "b", "c"], orientation="h")
    st.plotly_chart(go.Figure(bars), key=f"chart_{number}")
for number in range(TABLES):
    rows = {f"Column {column}": [row * column + len(chosen) for row in range(8)] for column in range(10)}
    st.dataframe(pd.DataFrame(rows), key=f"table_{number}", hide_index=True)
