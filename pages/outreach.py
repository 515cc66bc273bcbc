"""Outreach: what is due with whom, which categories were reached, and what followed."""

import streamlit as st

from dashboard import display, frame, partner_loaders
from dashboard.metrics import loop as metric
from dashboard.screens import outreach

view = frame.view("outreach").now()
display.header("Outreach", metric.before_and_after, view, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

acts = partner_loaders.acts(view.viewer)
st.markdown(outreach.finding(acts, view.today))
outreach.write(view)
outreach.due(view, acts)
outreach.lately(view, acts)
outreach.coverage(view, acts)
outreach.followed(view, acts)
