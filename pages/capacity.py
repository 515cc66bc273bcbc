"""Capacity: do the openings hold what becomes ready, before marketing fills what cannot be scheduled?"""

import streamlit as st

from dashboard import display, frame, loaders, practice_loaders
from dashboard.metrics import capacity as available
from dashboard.metrics import demand as metric
from dashboard.screens import capacity

view = frame.view("capacity")
f = view.filters
display.header("Capacity", metric.demand, view, available.third_next_available, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

table = capacity.demand_of(view)
st.markdown(capacity.finding(table))
capacity.openings(view, table)
capacity.alignment(view, table)
capacity.next_available(
    loaders.next_available(view.viewer, f.location, f.service_line, view.as_of, view.today),
    practice_loaders.next_available_weeks(view.viewer, f.location, f.service_line, view.today),
)
capacity.plan(view)
