"""The entry of the dashboard: who is there, the frame, and the page.

It stands here and not beside `pages/`: there, a deep link on a fresh server would run a page without this gate.
"""

from pathlib import Path

import streamlit as st

from dashboard import frame, loaders

ROOT = Path(__file__).resolve().parent.parent
MARK = str(ROOT / "dashboard" / "mark.svg")

st.set_page_config(page_title="Handoff", page_icon=MARK, layout="wide")
st.logo(MARK, size="large")

viewer = loaders.viewer()
if viewer is None:
    frame.refuse()

page = st.navigation(
    [
        st.Page(ROOT / "pages" / "funnel.py", title="Funnel", icon=":material/filter_alt:", default=True),
        st.Page(ROOT / "pages" / "conversion.py", title="Conversion", icon=":material/trending_up:"),
        st.Page(ROOT / "pages" / "response_times.py", title="Response times", icon=":material/timer:"),
        st.Page(ROOT / "pages" / "stalls.py", title="Stalls", icon=":material/hourglass_empty:"),
        st.Page(ROOT / "pages" / "backlog.py", title="Backlog", icon=":material/stacks:"),
        st.Page(ROOT / "pages" / "records.py", title="Records", icon=":material/folder_open:"),
        st.Page(ROOT / "pages" / "partners.py", title="Partners", icon=":material/handshake:"),
        st.Page(ROOT / "pages" / "partner.py", title="One partner", icon=":material/person_search:"),
        st.Page(ROOT / "pages" / "attendance.py", title="Attendance", icon=":material/event_available:"),
        st.Page(ROOT / "pages" / "trends.py", title="Trends", icon=":material/monitoring:"),
        st.Page(ROOT / "pages" / "data_quality.py", title="Data quality", icon=":material/fact_check:"),
        st.Page(ROOT / "pages" / "log_inquiry.py", title="Log inquiry", icon=":material/add_call:"),
    ]
)
st.sidebar.caption(loaders.own_practice()["name"])
frame.sidebar(viewer)
page.run()
