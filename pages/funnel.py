"""Funnel: of the leads received in the period, how far has each come?"""

import streamlit as st

from dashboard import display, frame, loaders, reports
from dashboard.metrics import funnel as metric
from dashboard.screens import cells, funnel

view = frame.view("funnel")
scope = view.viewer.locations
display.header("Funnel", metric.funnel, view)
if display.no_leads(view):
    st.stop()

whole = reports.funnel(view.count, view.filters, scope)
pathways = reports.funnel(view.count, view.filters, scope, ["pathway"])
names = loaders.names("pathway")

st.markdown(funnel.finding(whole.table))
cells.leads_behind(view, funnel.beside_each_other(view, pathways.table, "pathway", names), hint=True)
display.left_out(whole.left_out)
cells.leads_behind(view, funnel.table(view, pathways.table, "pathway", names))

cells.leads_behind(view, funnel.lost(view, reports.lost_reasons(view.count, view.filters, scope).table))

by = cells.breakdown(
    "funnel_by",
    ("location", "partner_category", "partner", "channel", "service_line", "source", "priority", "visit_weekday"),
    optional=True,
)
if by:
    groups, names = reports.funnel(view.count, view.filters, scope, [by]), loaders.names(by)
    cells.leads_behind(view, funnel.beside_each_other(view, groups.table, by, names))
    cells.leads_behind(view, funnel.table(view, groups.table, by, names))
