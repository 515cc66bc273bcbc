"""Attendance: do people come to the appointments that they have?"""

import streamlit as st

from dashboard import display, frame, reports
from dashboard.metrics import attendance as metric
from dashboard.screens import attendance, cells

view = frame.view("attendance")
scope = view.viewer.locations
display.header("Attendance", metric.attendance, view)
if display.no_leads(view):
    st.stop()

whole = reports.attendance(view.count, view.filters, scope)
st.markdown(attendance.finding(whole.table))
display.left_out(whole.left_out)
st.caption("The period means the days of the appointments, and the location where they are.")

lead_time = reports.attendance(view.count, view.filters, scope, ["lead_time"]).table
cells.leads_behind(view, attendance.group_dots(view, lead_time, "lead_time"), hint=True)

by = cells.breakdown(
    "attendance_by", ("location", "start_weekday", "partner_category", "partner", "pathway", "channel", "service_line")
)
groups = reports.attendance(view.count, view.filters, scope, [by or "location"]).table
cells.leads_behind(view, attendance.group_dots(view, groups, by or "location"))
cells.leads_behind(view, attendance.group_table(view, groups, by or "location"))

attendance.in_the_end(reports.attendance_by_lead(view.count, view.filters, scope).table)
attendance.new_patients(view, reports.new_patients(view.count, view.filters, scope).table)
