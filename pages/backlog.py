"""Backlog: what comes in, what goes out, and can it be worked off?"""

import streamlit as st

from dashboard import capacity_reports, display, frame
from dashboard.metrics import capacity as metric
from dashboard.screens import backlog, cells

view = frame.view("backlog")
scope = view.viewer.locations
display.header("Backlog", metric.backlog, view, metric.backlog_age, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

table = capacity_reports.backlog(view.count, view.filters, scope, today=view.today).table
age = capacity_reports.backlog_age(view.count, view.filters, scope).table
st.markdown(backlog.finding(metric.recent_pace(table, backlog.PACE_WEEKS), age))
backlog.chart(table)
cells.leads_behind(view, backlog.weeks(view, table))
st.caption("Click a number of what came or went, or of who waits, to see the leads behind it.")

st.subheader("How long they have been waiting")
by = cells.breakdown("backlog_by", ("location", "service_line", "pathway", "owner", "partner")) or "location"
cells.leads_behind(
    view, backlog.ages(view, capacity_reports.backlog_age(view.count, view.filters, scope, [by]).table, by)
)
backlog.check(capacity_reports.little(view.count, view.filters, scope, today=view.today, weeks=backlog.WEEKS))
