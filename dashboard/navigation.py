"""The pages in their sections, and which of them somebody sees first."""

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import session
from dashboard.auth import Viewer

_WHERE = "where"
ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "Intake": (
        ("my_day", "My day", "checklist"),
        ("log_inquiry", "Log inquiry", "add_call"),
        ("lead", "One inquiry", "contact_page"),
    ),
    "Practice": (
        ("setup", "Setup progress", "rocket_launch"),
        ("rules", "Our rules", "rule"),
        ("texts", "Scripts and cards", "article"),
        ("checklists", "Checklists", "list_alt_check"),
        ("places", "Places and hours", "location_on"),
        ("lists", "Partners and lists", "groups"),
        ("imports", "Import", "upload_file"),
        ("privacy", "Privacy and audit", "policy"),
    ),
    "Partners": (
        ("partners", "Partners", "handshake"),
        ("partner", "One partner", "person_search"),
        ("outreach", "Outreach", "campaign"),
        ("loop", "Close the loop", "sync"),
    ),
    "Review": (
        ("weekly_review", "Weekly review", "groups_2"),
        ("shared", "Shared numbers", "ios_share"),
        ("funnel", "Funnel", "filter_alt"),
        ("conversion", "Conversion", "trending_up"),
        ("response_times", "Response times", "timer"),
        ("stalls", "Stalls", "hourglass_empty"),
        ("backlog", "Backlog", "stacks"),
        ("capacity", "Capacity", "event_seat"),
        ("records", "Records", "folder_open"),
        ("attendance", "Attendance", "event_available"),
        ("sources", "Sources and topics", "alt_route"),
        ("trends", "Trends", "monitoring"),
        ("data_quality", "Data quality", "fact_check"),
    ),
}
WITHOUT_FILTERS = ("shared", "privacy", "imports")
"""Pages that show the same whatever is filtered."""
TITLES = {name: title for pages in PAGES.values() for name, title, _ in pages}
"""What each page is called, by its name."""


def build(viewer: Viewer) -> Any:
    """Build the navigation, anew on each run, and return the page that was asked for.

    Streamlit opens its default page only at the address without a name. So that every page keeps its own address whoever
    looks, the default is a hidden one, which goes on to the page that the viewer looks at first.
    """
    made = {
        name: st.Page(
            ROOT / "pages" / f"{name}.py",
            title=title,
            icon=f":material/{icon}:",
            visibility="visible"
            if viewer.may_open(name)
            else "hidden",  # it keeps its address, and says whom it is for
        )
        for pages in PAGES.values()
        for name, title, icon in pages
    }
    sections: dict[str, list[Any]] = {section: [made[name] for name, *_ in pages] for section, pages in PAGES.items()}
    start = st.Page(lambda: None, title="Handoff", url_path="start", default=True, visibility="hidden")
    page = st.navigation({"": [start], **sections}, expanded=True)
    if page == start:  # before the filters are drawn, so that those in the address come along
        asked = {name: st.query_params.get_all(name) for name in st.query_params}
        st.switch_page(made[_first(viewer)], query_params=asked)
    where = session.kept(_WHERE, dict[str, str])
    where["before"], where["now"] = where.get("now", ""), page.url_path
    return page


def _first(viewer: Viewer) -> str:
    """The page that somebody sees first."""
    return "my_day" if viewer.works_leads else next(name for name in ("funnel", *TITLES) if viewer.may_open(name))


def just_came() -> bool:
    """Whether this run is the first on its page, and not another one of the same visit."""
    where = session.kept(_WHERE, dict[str, str])
    return bool(where.get("before") != where.get("now"))
