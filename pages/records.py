"""Records: do referrals come with what they need?"""

import streamlit as st

from dashboard import display, frame, reports
from dashboard.metrics import records as metric
from dashboard.screens import cells, records

view = frame.view("records")
scope, horizon = view.viewer.locations, view.moment.horizon_days
display.header("Records", metric.completeness, view, metric.requests)
if display.no_leads(view):
    st.stop()

whole = reports.records(view.count, view.filters, scope)
items = reports.missing_items(view.count, view.filters, scope).table
st.markdown(records.finding(whole.table, items))
display.left_out(whole.left_out)
cells.leads_behind(view, records.pareto(view, items), hint=True)
cells.leads_behind(view, records.item_table(view, items))

by = cells.breakdown("records_by", ("partner", "partner_category", "location", "service_line", "channel")) or "partner"
groups = reports.records(view.count, view.filters, scope, [by]).table
lacking = reports.missing_items(view.count, view.filters, scope, [by]).table
cells.leads_behind(view, records.group_dots(view, groups, by))
cells.leads_behind(view, records.group_table(view, groups, lacking, by))
asked = reports.requests(view.count, view.filters, scope, [by]).table
cells.leads_behind(view, records.requests(view, reports.requests(view.count, view.filters, scope).table, asked, by))
compared = reports.with_and_without_records(view.count, view.filters, scope, step="scheduled", horizon=horizon)
records.speed(view, compared.table, horizon)
