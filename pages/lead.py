"""One inquiry: how it stands, what to do, and everything that happened to it."""

import streamlit as st

from dashboard import display, frame, loaders
from dashboard.screens import contact, texts
from dashboard.screens import lead as screen

view = frame.view("lead")
st.title("One inquiry")
if not view.now().everything and display.no_leads(view.now()):
    st.stop()
number = screen.find(view.viewer)
if number is None:
    st.stop()
lead = loaders.lead(view.viewer, number)
if lead is None:
    st.info("There is no such inquiry, or it is not at one of your locations.", icon=":material/search_off:")
    st.stop()

screen.note_opened(view.viewer, lead)
screen.headline(lead)
screen.work(view.viewer, lead)
left, right = st.columns([3, 2], gap="large")
with left:
    screen.history(view.viewer, lead)
    screen.correct(view.viewer, lead)
    screen.appointments(lead)
with right:
    if lead.row["need"]:
        texts.script_beside(lead.row, number)
    screen.records(view.viewer, lead)
    screen.details(lead)
    contact.details(view.viewer, number)
