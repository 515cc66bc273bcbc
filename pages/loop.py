"""Close the loop: which partners were told what became of their referrals, and the note to the next one."""

import streamlit as st

from dashboard import display, frame, partner_loaders, partner_reports
from dashboard.metrics import loop as metric
from dashboard.screens import loop

view = frame.view("loop").now()
display.header("Close the loop", metric.loop, view, whenever=True)
if display.no_leads(view, whenever=True):
    st.stop()

cycle = loop.choose(view)
noted, silent = partner_loaders.notes_of(view.viewer, cycle), partner_loaders.silent()
table = partner_reports.loop(
    view.count, view.viewer.locations, cycle=(cycle.first, cycle.after), noted=noted, silent=silent
).table
st.markdown(loop.finding(table, cycle, view.today))
if len(table):
    loop.due_list(view, table, cycle)
    loop.note(view, table, cycle)
