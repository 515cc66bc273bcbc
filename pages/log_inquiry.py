"""Log inquiry: four things asked, saved in seconds, and the deadline in words."""

import streamlit as st

from dashboard import frame, log_form

view = frame.view("log_inquiry")
st.title("Log inquiry")
if not log_form.ready(view.viewer):
    st.stop()

form, beside = st.columns([3, 2], gap="large")
with form:
    log_form.draw(view.viewer)
with beside:
    log_form.beside(view.viewer)
log_form.last_entries(view.viewer)
