"""Data quality: what contradicts itself, what is left empty, and what waits to be put right."""

import streamlit as st

from dashboard import display, frame, reports
from dashboard.metrics import quality as metric
from dashboard.screens import cells, quality

view = frame.view("data_quality")
scope = view.viewer.locations
display.header("Data quality", metric.flags, view)
if display.no_leads(view):
    st.stop()

contradicting = reports.flags(view.count, view.filters, scope).table
fill = reports.field_fill(view.count, view.filters, scope).table

st.markdown(quality.finding(contradicting, fill))
cells.leads_behind(view, quality.contradictions(view, contradicting), hint=True)
cells.leads_behind(view, quality.fields(view, fill))
by = cells.breakdown("quality_by", ("location", "received_week", "owner", "channel")) or "location"
cells.leads_behind(view, quality.fields_by(view, reports.field_fill(view.count, view.filters, scope, [by]).table, by))
lag = reports.log_lag(view.count, view.filters, scope, ["channel"]).table
quality.log_lag(view, lag)
quality.twins(view)
quality.lists(view)
