"""Blocks of the page of one lead: how it stands, what to do, and everything that happened to it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import auth, clock, desk, display, labels, loaders, timeline
from dashboard.auth import Viewer
from dashboard.display import local, plural
from data_access import events as happened
from data_access.events import RecordsReceived, RecordsRequested, RecordsWaived
from data_access.lead_lists import Whole
from data_access.vocabulary import (
    AppointmentStatus,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    Need,
    NextStep,
    Pathway,
    Precision,
    Priority,
    RecordItem,
    RecordsStatus,
)

_MOMENT = "%d %b %Y, %H:%M"


def find(viewer: Viewer) -> int | None:
    """Ask which lead, by its number or a part of its reference; the number is kept in the URL."""
    asked = st.query_params.get("lead", "")
    typed = st.text_input(
        "Find an inquiry", key="lead_find", placeholder="Its number, or a part of its reference", width=360
    )
    if not typed:
        return int(asked) if asked.isdecimal() and len(asked) < 18 else None
    rows = loaders.find_leads(viewer, typed)
    if len(rows) == 1:
        return int(rows[0]["id"])
    if not rows:
        st.info("No inquiry has this number or reference, or it is not at one of your locations.",
                icon=":material/search_off:")  # fmt: skip
        return None
    st.markdown(f"**{plural(len(rows), 'inquiry', 'inquiries')}** fit. Type more of the reference, or the number:")
    display.lead_table(rows)
    return None


def headline(lead: Whole) -> None:
    """How the lead stands, in one sentence."""
    row = lead.row
    kind, channel = labels.word(Kind(row["kind"])), labels.word(row["channel"]).lower()
    text = f"**{kind}** by {channel}, received **{_told(row['received_at'], row)}**"
    text += f" from **{row['partner']}**" if row["partner"] else ""
    if row["close_reason"]:
        text += f". Closed: **{labels.word(CloseReason(row['close_reason'])).lower()}**."
    elif row["attended_at"]:
        text += f". The visit took place on **{_told(row['attended_at'], row)}**."
    else:
        text += f". **{labels.word(Need(row['need']))}**." if row["need"] else "."
        text += _next(row)
    st.markdown(text)


def _next(row: Mapping[str, Any]) -> str:
    if not row["next_step"]:
        return " :orange[**It has no next step.**]"
    step = labels.word(NextStep(row["next_step"])).lower()
    return f" Next: **{step}**" + (f" by **{_told(row['next_step_by'], row)}**." if row["next_step_by"] else ".")


def work(viewer: Viewer, lead: Whole) -> None:
    """What can be done, and when it happened where that was earlier."""
    if not viewer.may(auth.WORK_LEADS):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        desk.buttons(viewer, lead.row, clock.now())
        st.datetime_input(
            "It happened earlier, at",
            value=None,
            key=desk.when_key(lead.row["id"]),
            format="YYYY-MM-DD",
            step=300,
            width=240,
        )
    desk.fields(viewer, lead.row)
    desk.notice(viewer)


def history(viewer: Viewer, lead: Whole) -> None:
    """Everything that happened, the latest first: when, what, and who wrote it down when; each can be taken back."""
    st.subheader("What happened")
    names = {"staff": loaders.names("owner"), "locations": loaders.names("location")}
    row, events = lead.row, timeline.of_log(lead.log)
    shown = [
        {
            "When": _told(event.occurred_at, row, event.precision),
            "What": timeline.said(event.what, row["zone"], names) + (" (taken back)" if voided else ""),
            "By": names["staff"].get(event.staff_id or 0, "?") if event.staff_id else "The system",
            "Written down": _told(event.recorded_at, row) if event.recorded_at != event.occurred_at else "at once",
            "Entry": event.id,
        }
        for event, voided in events
    ]
    st.dataframe(shown, hide_index=True, alt="What happened",
                 column_config={"Entry": st.column_config.NumberColumn(format="%d")})  # fmt: skip
    standing = {
        event.id: timeline.said(event.what, row["zone"], names)
        for event, voided in events
        if not voided and not isinstance(event.what, happened.Received | happened.Voided)
    }
    if standing and viewer.may(auth.WORK_LEADS):
        with st.popover("Take an entry back", icon=":material/undo:"):
            entry = st.selectbox(
                "Entry", list(standing), key=f"lead_back_{row['id']}", format_func=lambda n: f"{n}: {standing[n]}"
            )
            st.button("Take it back", key="lead_back_button", on_click=desk.take_back, args=(viewer, row, entry))


def records(viewer: Viewer, lead: Whole) -> None:
    """The checklist, item by item."""
    st.subheader("Records")
    if not lead.records:
        st.markdown("It needs none.")
        return
    row, open_ = lead.row, lead.row["need"] is not None and viewer.may(auth.WORK_LEADS)
    for line in lead.records:
        item, status = RecordItem(line["item"]), RecordsStatus(line["status"])
        with st.container(horizontal=True, vertical_alignment="center"):
            at = line["received_at"] or line["waived_at"] or line["requested_at"]
            text = f"{labels.word(item)}{'' if line['required'] else ' (helps)'} · {_STATUS[status]}"
            st.markdown(text + (f" {local(at, row['zone']):%d %b}" if at else ""), width="stretch")
            if open_ and status in (RecordsStatus.PENDING, RecordsStatus.REQUESTED):
                for label, what, said in (
                    ("Is here", RecordsReceived(items=(item,)), "received"),
                    ("Asked for", RecordsRequested(items=(item,)), "asked for"),
                    ("Not needed", RecordsWaived(items=(item,), reason="not needed for this referral"), "not needed"),
                ):  # fmt: skip
                    st.button(
                        label, key=f"lead_{said}_{item}_{row['id']}", type="tertiary", on_click=desk.do,
                        args=(viewer, row, what, f"{labels.word(item).lower()} {said}"),
                    )  # fmt: skip


_STATUS = {
    RecordsStatus.PENDING: ":orange[missing]",
    RecordsStatus.REQUESTED: "asked for",
    RecordsStatus.RECEIVED: "received",
    RecordsStatus.NOT_NEEDED: "not needed",
}


def details(lead: Whole) -> None:
    """What was asked, and what is known by now."""
    st.subheader("The inquiry")
    row, asked, found = lead.row, lead.state.received, lead.state.eligibility
    checks = ", ".join(
        f"{name} {_CHECKS[value]}"
        for name, value in (("service fit", found.service_fit), ("demographics", found.demographics),
                            ("scheduling needs", found.scheduling_needs))
    )  # fmt: skip
    wishes = lead.state.wishes
    told = {
        "Reference": row["reference"],
        "Pathway": labels.word(Pathway(row["pathway"])),
        "Priority": labels.word(Priority(row["priority"])),
        "Location": row["location"],
        "Owner": row["owner"] or "unowned",
        "Service line": row["service_line"],
        "Topic": labels.word(asked.topic) if asked.topic else None,
        "What was promised": asked.expectations,
        "Answer due": _told(row["respond_by"], row) if row["respond_by"] else "no promise",
        "First attempt": _told(row["first_attempt_at"], row) if row["first_attempt_at"] else None,
        "Eligibility": f"{labels.word(Eligibility(found.outcome))}: {checks}",
        "Contact": "wants none" if not wishes.may_contact else _preferred(wishes.preferred),
    }
    rows = [{"": name, " ": value} for name, value in told.items() if value]
    st.table(pd.DataFrame(rows).set_index(""), border="horizontal", hide_header=True)


_CHECKS = {Check.OK: "ok", Check.NOT_OK: "not ok", Check.UNKNOWN: "not known"}


def _preferred(method: ContactMethod | None) -> str:
    return f"best by {labels.word(method).lower()}" if method else "as usual"


def appointments(lead: Whole) -> None:
    """The appointments, each with what became of it and which one took its place."""
    if not lead.appointments:
        return
    st.subheader("Appointments")
    places = loaders.names("location")
    following = {a["replaces_number"]: a["number"] for a in lead.appointments if a["replaces_number"]}
    shown = [
        {
            "No.": a["number"],
            "On": _told(a["starts_at"], lead.row) if a["starts_at"] else f"{a['starts_on']:%a %d %b %Y}" if a["starts_on"]
                  else "not known",
            "Location": places.get(a["location_id"], "?"),
            "Booked": _told(a["booked_at"], lead.row),
            "Preparation": "sent" if a["preparation_sent"] else "not sent",
            "Became": labels.word(AppointmentStatus(a["status"]))
                      + (f", then no. {following[a['number']]}" if a["number"] in following else ""),
        }
        for a in lead.appointments
    ]  # fmt: skip
    st.dataframe(shown, hide_index=True, alt="Appointments")


def _told(at: Any, row: Mapping[str, Any], precision: Precision = Precision.MINUTE) -> str:
    moment = local(at, row["zone"])
    return f"{moment:%a %d %b %Y}" if precision == Precision.DAY else f"{moment:{_MOMENT}}"
