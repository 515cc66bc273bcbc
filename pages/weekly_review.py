"""Weekly review: the meeting's own page, from last week's actions to the new ones, then freeze."""

import streamlit as st

from dashboard import display, frame, review_loaders
from dashboard.screens import decisions, weekly

view = frame.view("weekly_review").now()
st.title("Weekly review")
if display.no_leads(view, whenever=True):
    st.stop()

week = weekly.choose_week(view)
filters = view.filters.whenever()
today = review_loaders.review(view.viewer, filters, week)
shown = weekly.as_the_meeting_saw_it(view, week, filters, today)
weekly.heading(shown)
weekly.contents(shown)

for block in shown.blocks:
    weekly.block(view, week, block)
decisions.decided(view, week)
decisions.freeze(view, week, filters, today)
weekly.export(view.viewer, shown)
weekly.definitions(shown)
