"""Shared numbers: what may leave the practice, as a marketing colleague or an agency sees it."""

import streamlit as st

from dashboard import display, frame, review_loaders
from dashboard.screens import weekly

view = frame.view("shared").now()
st.title("Shared numbers")
if view.viewer.locations is not None:
    st.info("These numbers are of the whole practice, and you see a part of it.", icon=":material/lock:")
    st.stop()
if not view.everything:
    display.nothing_yet(view)
    st.stop()
st.caption("The same for everybody who sees them: of the whole practice, without filters, and without small counts.")

with st.container(horizontal=True, vertical_alignment="bottom"):
    week = weekly.choose_week(view)
    quarter = weekly.choose_quarter(view)
shown = review_loaders.shared(view.viewer, week, quarter)
for block in shown.blocks:
    weekly.for_others(block)
weekly.files(view.viewer, shown)
weekly.definitions(shown)
