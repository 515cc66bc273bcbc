"""Blocks of the page of the records checklists: what is asked for, its versions, and the copies that leave the practice."""

from collections.abc import Mapping
from datetime import date

import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, labels, loaders, practice_loaders
from dashboard.changes import Change, Shown
from dashboard.copies import Audience
from dashboard.frame import View
from dashboard.loaders import names as names_of
from dashboard.screens import changing
from data_access import checklists
from data_access.checklists import Checklist
from data_access.vocabulary import RecordItem

OWN = "Every service line without a list of its own"
_REQUIRED, _HELPS, _NOT_ASKED = "Required", "Helps", "Not asked for"
_AUDIENCES = {Audience.PARTNER: "For partners", Audience.PATIENT: "For patients"}


def choose() -> int | None:
    """Whose checklist; None: the practice's own."""
    lines = {code: name for code, name in names_of("service_line").items() if code}
    chosen: int | None = st.selectbox(
        "Service line", [None, *lines], format_func=lambda line: lines[line] if line else OWN, key="checklists_line",
        width=400,
    )  # fmt: skip
    return chosen


def finding(line: int | None, day: date) -> str:
    """What is asked for today, in one sentence."""
    held = practice_loaders.checklist_on(line, day)
    if held is None:
        return "No checklist is in force: a referral counts as complete when somebody says so. Set one up below."
    whose = "" if held.service_line_id == line else " (the practice's own: this service line has none)"
    return f"Version **{held.version}**{whose} asks for {_asks(held)}."


def _asks(checklist: Checklist) -> str:
    required = [labels.word(item).lower() for item in checklist.required]
    helps = [labels.word(item).lower() for item, needed in checklist.items.items() if not needed]
    text = f"**{', '.join(required) or 'nothing'}**"
    return text + (f"; it helps to have {', '.join(helps)}" if helps else "")


def shown(connection: Connection, day: date) -> Shown:
    """What every checklist asks for: whose and which item -> whether it is required."""
    lines: dict[int | None, str] = {None: OWN} | {code: name for code, name in names_of("service_line").items() if code}
    return {
        f"{name} · {labels.word(item)}": _how(found.items, item)
        for line, name in lines.items()
        if (found := checklists.checklist_on(connection, line, day))
        for item in RecordItem
    }


def _how(items: Mapping[RecordItem, bool], item: RecordItem) -> str:
    return _NOT_ASKED if item not in items else _REQUIRED if items[item] else _HELPS


def versions(line: int | None, day: date) -> None:
    """The versions of this list, the newest first; inquiries keep the one with which they were opened."""
    known = practice_loaders.checklists_of(line)
    if not known:
        return
    held = practice_loaders.checklist_on(line, day)
    st.subheader("Versions")
    rows = [
        {
            "Version": f"{one.version}{' (in force)' if one == held else ''}",
            "From": "since ever" if one.effective_from.year <= 1970 else f"{one.effective_from:%d %b %Y}",
            "Asks for": _asks(one),
        }
        for one in known
    ]
    st.table(rows, border="horizontal", hide_index=True)


def revise(view: View, line: int | None) -> None:
    """Put a new version in force; what is open keeps its own."""
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    held = practice_loaders.checklist_on(line, view.today)
    with st.expander("Revise this checklist", icon=":material/edit:"):
        chosen: dict[RecordItem, bool] = {}
        for item in RecordItem:
            now = _how(held.items, item) if held else _REQUIRED
            how = st.segmented_control(
                labels.word(item), (_REQUIRED, _HELPS, _NOT_ASKED), default=now, required=True,
                key=f"checklists_{item}_{line}",
            )  # fmt: skip
            if how in (_REQUIRED, _HELPS):
                chosen[item] = how == _REQUIRED
        since = changing.since(view, "checklists_since")

        def apply(c: Connection) -> None:
            checklists.set_checklist(c, chosen, effective_from=since, service_line_id=line)

        changing.offer(view, "checklist", Change("The checklist", apply, shown, since))


def copies(view: View, line: int | None) -> None:
    """The copy for partners or patients of one location, to look at and to take along, as text and as a page."""
    places = {place["id"]: place["name"] for place in loaders.locations(view.viewer)}
    st.subheader("Copies")
    if not places:
        st.markdown("No location is set up yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        audience = st.segmented_control(
            "For whom", list(Audience), format_func=_AUDIENCES.__getitem__, default=Audience.PARTNER, required=True,
            key="checklists_audience",
        )  # fmt: skip
        place = st.selectbox(
            "Location", list(places), format_func=places.__getitem__, key="checklists_place", width=240
        )
    audience = Audience(audience or Audience.PARTNER)
    copy = practice_loaders.checklist_copy(audience, place or next(iter(places)), line, view.today)
    st.code(copy.text, language=None, wrap_lines=True)
    name = f"checklist-{audience}-{copy.stamp.rpartition(' ')[2]}"
    with st.container(horizontal=True):
        st.download_button("Download as text", copy.text, f"{name}.txt", "text/plain", icon=":material/description:")
        st.download_button("Download as a web page", copy.html, f"{name}.html", "text/html", icon=":material/html:")
    st.caption(
        "Both carry the same stamp. When it differs from the one on your website or in a drawer, that one is old."
    )
