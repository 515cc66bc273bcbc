"""Conversion: how surely and how fast do inquiries become appointments and visits?"""

from functools import partial

import streamlit as st

from dashboard import display, frame, reports
from dashboard.metrics import timing
from dashboard.screens import cells, conversion

view = frame.view("conversion")
scope = view.viewer.locations
display.header("Conversion", timing.conversion, view)
if display.no_leads(view):
    st.stop()

finding = st.container()
step, horizon = conversion.choices(view)
measure = partial(reports.conversion, view.count, view.filters, scope)

whole = measure(step=step, horizon=horizon)
finding.markdown(conversion.finding(whole.table, step, horizon))
with finding:
    display.left_out(whole.left_out)
conversion.curve(reports.curve(view.count, view.filters, scope, step=step).table, step, horizon)
weeks = reports.cohorts(view.count, view.filters, scope, horizon=horizon, today=view.today)
cells.leads_behind(view, conversion.cohorts(view, weeks.table, horizon), hint=True)
conversion.steps(view, measure, horizon)

by = cells.breakdown(
    "conversion_by",
    ("location", "pathway", "partner_category", "partner", "channel", "service_line", "source", "priority"),
)
groups = measure([by or "location"], step=step, horizon=horizon).table
cells.leads_behind(view, conversion.groups(view, groups, by or "location", step))
