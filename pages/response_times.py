"""Response times: were inquiries answered within the time that was promised?"""

import streamlit as st

from dashboard import display, frame, loaders, reports
from dashboard.metrics import response as metric
from dashboard.screens import cells, response

view = frame.view()
scope = view.viewer.locations
display.header("Response times", metric.response, view)
if display.no_leads(view):
    st.stop()

finding = st.container()
contact = response.which_answer()
target = loaders.response_target(view.today)

whole = reports.response(view.count, view.filters, scope, target=target, contact=contact)
weeks = reports.response(view.count, view.filters, scope, ["due_week"], target=target, contact=contact)

finding.markdown(response.finding(whole.table))
with finding:
    display.left_out(whole.left_out)
clicked = response.weeks(view, weeks.table, target, contact)

by = (
    cells.breakdown("response_by", ("location", "channel", "kind", "priority", "pathway", "owner", "partner"))
    or "location"
)
groups = reports.response(view.count, view.filters, scope, [by], target=target, contact=contact)
clicked = response.groups(view, groups.table, by, target, contact) or clicked

cells.leads_behind(view, clicked or response.overdue(view, contact))
