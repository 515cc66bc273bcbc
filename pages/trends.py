"""Trends: is this week different from the practice's own past, or is it the usual up and down?"""

import streamlit as st

from dashboard import display, frame, loaders, practice_loaders, series
from dashboard.metrics import trends as metric
from dashboard.reports import Clock
from dashboard.screens import trends

view = frame.view("trends")
display.header("Trends", metric.shares, view, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

finding = st.container()
clock = Clock(loaders.waited_minutes, view.moment.minute)
notes = loaders.notes(view.viewer, view.filters.location, view.as_of)
asked = series.Asked(
    view.count, view.filters, view.viewer.locations, clock, view.today, view.moment.horizon_days, notes
)
found = {name: series.trend(name, asked) for name in series.SERIES}

finding.markdown(trends.finding(list(found.values())))
finding.caption("Finished weeks only, the whole history: the period in the sidebar does not apply here.")
one = view.filters.location[0] if len(view.filters.location) == 1 else None
targets = practice_loaders.targets()
wanted = {name: targets[s.target].on(view.today, one) for name, s in series.SERIES.items() if s.target}
trends.in_rows(found, notes, wanted)
trends.notes(view, notes)
trends.every_week(view, found)
