"""Stalls: where do open leads stand still, what do they wait for, and what happens next?"""

import streamlit as st

from dashboard import display, frame, loaders, reports
from dashboard.metrics import stalls as metric
from dashboard.screens import cells, stalls

view = frame.view("stalls")
scope = view.viewer.locations
display.header("Stalls", metric.stalls, view, metric.time_in_stage, metric.follow_up)
if display.no_leads(view, whenever=True):
    st.stop()

waiting = reports.stalls(view.count, view.filters, scope).table
st.markdown(stalls.finding(waiting, reports.follow_up(view.count, view.filters, scope).table))
cells.leads_behind(view, stalls.reasons(view, waiting), hint=True)
cells.leads_behind(view, stalls.matrix(view, waiting))
owners = reports.follow_up(view.count, view.filters, scope, ["owner"]).table
cells.leads_behind(view, stalls.next_steps(view, owners, "owner"))

clock = reports.Clock(loaders.waited_minutes, view.moment.minute)
whole = reports.time_in_stage(view.count, view.filters, scope, clock=clock).table
stalls.stay_chart(whole)
by = cells.breakdown("stalls_by", ("location", "pathway", "partner", "channel", "service_line", "owner"), optional=True)
groups = reports.time_in_stage(view.count, view.filters, scope, [by], clock=clock).table if by else whole
cells.leads_behind(view, stalls.stay_table(view, groups, by))
