"""Sources and topics: where inquiries come from, what becomes of them, and what people ask about."""

import streamlit as st

from dashboard import display, frame, practice_loaders, source_reports
from dashboard.metrics import sources as metric
from dashboard.screens import cells, sources

view = frame.view("sources")
scope = view.viewer.locations
display.header("Sources and topics", metric.mix, view, metric.topics)
if display.no_leads(view):
    st.stop()

finding = st.container()
by = cells.breakdown("sources_by", sources.MIXES) or "channel"
table = source_reports.mix(view.count, view.filters, scope, by).table
finding.markdown(sources.finding(table, by))
sources.mix(view, table, by)

first, last = sources.period(view)
again = practice_loaders.asked_again(view.viewer, view.filters.location, first, last, view.as_of)
topics = source_reports.topics(view.count, view.filters, scope, first=first, last=last, again=again).table
sources.topics(view, topics, (last - first).days)
sources.questions(view)
sources.topic_weeks(view)
