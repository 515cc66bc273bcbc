"""My day: which lead wants doing next, and doing it."""

import streamlit as st

from dashboard import auth, display, frame
from dashboard.screens import my_day

view = frame.view()
display.header("My day", None, view.now(), whenever=True)
if not view.viewer.may(auth.SEE_LEADS):
    st.info("Your role sees numbers, not leads. Ask a manager if it should.", icon=":material/lock:")
    st.stop()
if display.no_leads(view.now(), whenever=True):
    st.stop()
my_day.header_note(view)
my_day.refused_posts(view.now())
my_day.work(view)
