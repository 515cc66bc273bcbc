"""Blocks of the page of one lead: how it stands, what to do, and everything that happened to it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import (
    actions,
    auth,
    clock,
    desk,
    display,
    forms,
    labels,
    loaders,
    navigation,
    practice_loaders,
    privacy_actions,
    session,
    timeline,
)
from dashboard.auth import Viewer
from dashboard.formats import local, plain, plural
from dashboard.forms import Inquiry
from data_access import events as happened
from data_access.events import RecordsReceived, RecordsRequested, RecordsWaived
from data_access.lead_lists import FOUND, Whole
from data_access.texts import Text
from data_access.vocabulary import (
    AppointmentStatus,
    Asker,
    Channel,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    Need,
    NextStep,
    PartnerCategory,
    Pathway,
    Precision,
    Priority,
    RecordItem,
    RecordsStatus,
    Topic,
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
    many = f"The newest {len(rows)} that" if len(rows) == FOUND else f"**{plural(len(rows), 'inquiry', 'inquiries')}**"
    st.markdown(f"{many} fit. Type more of the reference, or the number:")
    display.lead_table(rows)
    return None


def note_opened(viewer: Viewer, lead: Whole) -> None:
    """Write into the audit log that this inquiry was looked at: once, and not at every click on it."""
    seen = session.kept("lead_opened", dict[str, int])
    if navigation.just_came() or seen.get("id") != lead.row["id"]:
        privacy_actions.note_opened(loaders.database(), viewer, lead.row["id"])
    seen["id"] = lead.row["id"]


def headline(lead: Whole) -> None:
    """How the lead stands, in one sentence."""
    row = lead.row
    kind, channel = labels.word(Kind(row["kind"])), labels.word(row["channel"]).lower()
    text = f"**{kind}** by {channel}, received **{_told(row['received_at'], row)}**"
    text += f" from **{plain(row['partner'])}**" if row["partner"] else ""
    if row["close_reason"]:
        text += f". Closed: **{labels.word(CloseReason(row['close_reason'])).lower()}**."
        text += (
            f" It goes on as [inquiry {row['duplicate_of']}](/lead?lead={row['duplicate_of']})."
            if row["duplicate_of"]
            else ""
        )
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
            key=desk.when_key(lead.row),
            format="YYYY-MM-DD",
            step=300,
            width=240,
        )
    desk.fields(viewer, lead.row)
    desk.notice(viewer, lead.row["id"])


def history(viewer: Viewer, lead: Whole) -> None:
    """Everything that happened, the latest first: when, what, and who wrote it down when; each can be taken back."""
    st.subheader("What happened")
    names = {"staff": loaders.names("owner"), "locations": loaders.names("location")}
    row, events = lead.row, timeline.of_log(lead.log)
    told = {event.id: timeline.said(event.what, row["zone"], names) for event in lead.log}
    by = practice_loaders.texts_by_id({e.text_id for e in lead.log if e.text_id})
    told |= {e.id: f"{told[e.id]}, by {_text(by[e.text_id])}" for e in lead.log if e.text_id}
    told |= {e.id: f"{told[e.id]} (from a duplicate)" for e in lead.log if e.copied_from}
    told |= {e.id: f"{told[e.id]}; next by rule: {_step(e.follow_up, row)}" for e in lead.log if e.follow_up}
    told |= {e.id: f"Took back: {told[e.what.event_id]}" for e in lead.log if isinstance(e.what, happened.Voided)}
    shown = [
        {
            "When": _told(event.occurred_at, row, event.precision),
            "What": ("(taken back) " if voided else "") + told[event.id],
            "By": names["staff"].get(event.staff_id or 0, "?") if event.staff_id else "The system",
            "Written down": _told(event.recorded_at, row) if event.recorded_at != event.occurred_at else "at once",
        }
        for event, voided in events
    ]
    widths = {name: st.column_config.TextColumn(width=width) for name, width in
              (("When", 125), ("What", 235), ("By", 90), ("Written down", 105))}  # fmt: skip
    st.dataframe(shown, hide_index=True, alt="What happened", column_config=widths, row_height=35)
    standing = {
        event.id: f"{told[event.id]}, {_told(event.occurred_at, row, event.precision)}"
        for event, voided in events
        if not voided and event.id != lead.log[0].id and not isinstance(event.what, happened.Voided)
    }
    if standing and viewer.may(auth.WORK_LEADS):
        with st.popover("Take an entry back", icon=":material/undo:"):
            entry = st.selectbox(
                "Entry", list(standing), key=f"lead_back_{row['id']}", format_func=standing.__getitem__
            )
            st.button("Take it back", key="lead_back_button", on_click=desk.take_back, args=(viewer, row, entry))


def _text(text: Text) -> str:
    return f"{labels.word(text.use).lower()} v{text.version}"


def _step(planned: happened.Planned, row: Mapping[str, Any]) -> str:
    return f"{labels.word(planned.step).lower()} by {_told(planned.due_at, row)}"


def correct(viewer: Viewer, lead: Whole) -> None:
    """Put right what was noted when it came in: it counts as if it had been noted so, and the history shows both."""
    if not viewer.may(auth.WORK_LEADS) or not viewer.sees(lead.state.parts[0].asked.location_id):
        return
    row, asked = lead.row, lead.state.parts[0].asked
    with (
        st.popover("Correct what was asked", icon=":material/edit:"),
        st.form(f"lead_correct_{row['id']}", border=False),
    ):
        for name, value in _as_typed(lead).items():
            st.session_state.setdefault(_field(row, name), value)
        for name, (label, words) in _CORRECTED.items():
            st.selectbox(label, list(words), format_func=labels.word, key=_field(row, name), placeholder="Not given")
        for name, (label, table) in _LISTED.items():
            entries = {entry["id"]: entry["name"] for entry in loaders.choices(table)}
            known = loaders.names(name) if name in ("partner", "service_line", "source", "campaign") else {}
            if (chosen := st.session_state[_field(row, name)]) is not None and chosen not in entries:
                entries[chosen] = known.get(chosen, "?")  # retired since
            st.selectbox(
                label, list(entries), format_func=entries.__getitem__, key=_field(row, name), placeholder="Not given"
            )
        st.text_input("Patient reference", key=_field(row, "reference"), max_chars=24)
        if asked.lead_kind == Kind.WARM_INTRO:
            st.text_area("What was promised", key=_field(row, "expectations"), max_chars=280)
        st.datetime_input("Received", key=_field(row, "received"), format="YYYY-MM-DD", step=60)
        for problem in desk.refused(row["id"]):
            st.markdown(f":red[{problem}]")
        st.form_submit_button("Correct it", type="primary", on_click=_correct, args=(viewer, lead))


_CORRECTED: Mapping[str, tuple[str, Any]] = {
    "kind": ("What they want", Kind),
    "channel": ("How it arrived", Channel),
    "asker": ("Who asked", Asker),
    "priority": ("Priority when it came in", Priority),
    "topic": ("Topic", Topic),
    "category": ("Partner category", PartnerCategory),
}
_LISTED = {
    "partner": ("Referral partner", "partners"),
    "service_line": ("Service line", "service_lines"),
    "source": ("Source", "sources"),
    "campaign": ("Campaign", "campaigns"),
    "clinician": ("Requested clinician", "staff"),
}


def _field(row: Mapping[str, Any], name: str) -> str:
    return f"lead_{name}_of_{row['id']}_{row['version']}"


def _as_typed(lead: Whole) -> dict[str, Any]:
    """What was asked as the form's fields hold it."""
    asked, row = lead.state.parts[0].asked, lead.row
    return {
        "kind": asked.lead_kind, "channel": asked.channel, "asker": asked.asker, "priority": asked.priority,
        "topic": asked.topic, "category": asked.partner_category, "partner": asked.partner_id,
        "service_line": asked.service_line_id, "source": asked.source_id, "campaign": asked.campaign_id,
        "clinician": asked.requested_clinician_id,
        "reference": asked.reference or "", "expectations": asked.expectations or "",
        "received": local(lead.state.received_at, row["zone"]),
    }  # fmt: skip


@session.click
def _correct(viewer: Viewer, lead: Whole) -> None:
    row, asked, now = lead.row, lead.state.parts[0].asked, clock.now()
    values = session.values()
    raw = {name: values.get(_field(row, name), value) for name, value in _as_typed(lead).items()}
    raw |= {"location": asked.location_id, "owner": asked.owner_id, "live": asked.answered_live, "when": None}
    at, typed = local(lead.state.received_at, row["zone"]), raw["received"]
    if typed and at and typed.replace(second=0) == at.replace(second=0, microsecond=0):
        raw["received"] = at  # the field has no seconds
    categories = {p["id"]: PartnerCategory(p["category"]) for p in loaders.choices("partners")}
    if asked.partner_id and asked.partner_category:
        categories.setdefault(asked.partner_id, asked.partner_category)
    parsed = forms.parse_inquiry(raw, zone=row["zone"], now=now, partner_categories=categories)
    if not isinstance(parsed, Inquiry):
        desk.refuse(row["id"], parsed)
        return
    desk.attempt(
        lambda: actions.correct(loaders.database(), viewer, row["id"], parsed, version=row["version"], now=now),
        f"I{desk.called(row)[1:]}: corrected.",
        lead_id=row["id"],
    )


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
                for label, what in (
                    ("Is here", RecordsReceived(items=(item,))), ("Asked for", RecordsRequested(items=(item,))),
                ):  # fmt: skip
                    st.button(
                        label, key=f"lead_{what.kind}_{item}_{row['id']}", type="tertiary", on_click=desk.do,
                        args=(viewer, row, what),
                    )  # fmt: skip
                key = f"lead_waived_{item}_{row['id']}"
                st.menu_button(
                    "Not needed", _WHY_NOT, key=key, type="tertiary", on_click=_waive, args=(viewer, row, item, key)
                )


_WHY_NOT = ("Does not exist", "Of no use for this referral", "Already known here", "The clinician does without")
"""Why an item of the checklist is not needed; what overrules a list says why."""


@session.click
def _waive(viewer: Viewer, row: Mapping[str, Any], item: RecordItem, key: str) -> None:
    if why := session.values().get(key):
        desk.do(viewer, row, RecordsWaived(items=(item,), reason=why.lower()))


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
        f"{name} {'ok' if value == Check.OK else 'not ok'}"
        for name, value in (("service fit", found.service_fit), ("demographics", found.demographics),
                            ("scheduling needs", found.scheduling_needs)) if value != Check.UNKNOWN
    )  # fmt: skip
    wishes = lead.state.wishes
    told = {
        "Reference": row["reference"],
        "Pathway": labels.word(Pathway(row["pathway"])),
        "Priority": labels.word(Priority(row["priority"])),
        "Location": row["location"],
        "Owner": row["owner"] or "unowned",
        "Service line": row["service_line"],
        "Source": row["source"],
        "Campaign": loaders.names("campaign").get(asked.campaign_id) if asked.campaign_id else None,
        "Topic": labels.word(asked.topic) if asked.topic else None,
        "What was promised": asked.expectations,
        "Answer due": _told(row["respond_by"], row) if row["respond_by"] else "no promise",
        "First attempt": _told(row["first_attempt_at"], row) if row["first_attempt_at"] else None,
        "Eligibility": labels.word(Eligibility(found.outcome)) + (f": {checks}" if checks else ""),
        "Contact": "wants none" if not wishes.may_contact else _preferred(wishes.preferred),
    }
    rows = [{"": name, " ": plain(value)} for name, value in told.items() if value]
    st.table(pd.DataFrame(rows).set_index(""), border="horizontal", hide_header=True)


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
