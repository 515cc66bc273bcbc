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

PAGES = {
    "Intake": (
        ("my_day", "My day", "checklist"),
        ("log_inquiry", "Log inquiry", "add_call"),
        ("lead", "One inquiry", "contact_page"),
    ),
    "Practice": (("rules", "Our rules", "rule"),),
    "Review": (
        ("funnel", "Funnel", "filter_alt"),
        ("conversion", "Conversion", "trending_up"),
        ("response_times", "Response times", "timer"),
        ("stalls", "Stalls", "hourglass_empty"),
        ("backlog", "Backlog", "stacks"),
        ("records", "Records", "folder_open"),
        ("partners", "Partners", "handshake"),
        ("partner", "One partner", "person_search"),
        ("attendance", "Attendance", "event_available"),
        ("trends", "Trends", "monitoring"),
        ("data_quality", "Data quality", "fact_check"),
    ),
}
page = st.navigation(
    {
        section: [
            st.Page(ROOT / "pages" / f"{name}.py", title=title, icon=f":material/{icon}:", default=name == "funnel")
            for name, title, icon in pages
        ]
        for section, pages in PAGES.items()
    },
    expanded=True,
)
st.sidebar.caption(loaders.own_practice()["name"])
frame.sidebar(viewer)
page.run()
