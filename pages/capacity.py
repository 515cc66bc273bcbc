"""Capacity: do the openings hold what becomes ready, before marketing fills what cannot be scheduled?"""

import streamlit as st

from dashboard import display, frame, loaders, practice_loaders, reports
from dashboard.metrics import capacity as available
from dashboard.metrics import demand as metric
from dashboard.screens import capacity

view = frame.view()
scope, f = view.viewer.locations, view.filters
display.header("Capacity", metric.demand, view, available.third_next_available, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

slots = practice_loaders.openings_known(view.viewer, f.location, view.as_of)
horizon = view.moment.horizon_days
table = reports.demand(view.count, f, scope, slots=slots, today=view.today, horizon=horizon).table
st.markdown(capacity.finding(table))
capacity.openings(table)
capacity.alignment(view, table)
capacity.next_available(loaders.next_available(view.viewer, f.location, f.service_line, view.as_of, view.today))
