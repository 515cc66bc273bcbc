"""Response times: were inquiries answered within the time that was promised?"""

from functools import partial

import streamlit as st

from dashboard import display, frame, loaders, practice_loaders, reports
from dashboard.metrics import response as metric
from dashboard.metrics import timing
from dashboard.screens import cells, response

view = frame.view("response_times")
scope = view.viewer.locations
display.header("Response times", metric.response, view)
if display.no_leads(view):
    st.stop()

finding = st.container()
contact = response.which_answer()
targets = practice_loaders.response_targets()
measure = partial(reports.response, view.count, view.filters, scope, targets=targets, today=view.today, contact=contact)

whole, weeks = measure(), measure(["due_week"])

finding.markdown(response.finding(whole.table, response.still_open(view, contact)))
with finding:
    display.left_out(whole.left_out)
cells.leads_behind(view, response.weeks(view, weeks.table, contact), hint=True)

by = (
    cells.breakdown("response_by", ("location", "channel", "kind", "priority", "pathway", "owner", "partner"))
    or "location"
)
groups = measure([by]).table
cells.leads_behind(view, response.group_dots(view, groups, by, contact))
cells.leads_behind(view, response.group_table(view, groups, by, contact))

clock = reports.Clock(loaders.waited_minutes, view.moment.minute)
waits = reports.answer_waits(view.count, view.filters, scope, clock=clock, contact=contact).table
made = timing.curve(waits["minutes"], waits["ending"], waits["count"])
response.how_fast(timing.answers(waits), made, contact)
response.arrivals(
    reports.arrivals(view.count, view.filters, scope, staffed=practice_loaders.staffed_shares(view.today))
)
response.in_force(view, targets)
response.overdue(view, contact)
