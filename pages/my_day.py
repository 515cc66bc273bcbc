"""My day: which lead wants doing next, and doing it."""

import streamlit as st

from dashboard import display, frame
from dashboard.screens import my_day

view = frame.view("my_day")
display.header("My day", None, view.now(), whenever=True)
if display.no_leads(view.now(), whenever=True):
    st.stop()
my_day.header_note(view)
my_day.refused_posts(view.now())
my_day.work(view)
