"""The quick form: four things asked, everything else defaulted, saved once however often it is sent."""

import secrets
from typing import Any

import streamlit as st

from dashboard import actions, auth, clock, forms, labels, loaders
from dashboard.auth import Viewer
from dashboard.display import deadline, lead_table
from dashboard.forms import Inquiry
from data_access.lead_rules import NotPossible
from data_access.vocabulary import Asker, Channel, Kind, PartnerCategory, Priority, Topic

_STICKY = ("location", "channel")
_DEFAULTS: dict[str, Any] = {
    "kind": Kind.SCHEDULING,
    "when": forms.NOW,
    "priority": Priority.ROUTINE,
    "reference": "",
    "expectations": "",
    "live": False,
    **dict.fromkeys(
        ("channel", "partner", "category", "topic", "asker", "location", "service_line", "source", "owner", "clinician")
    ),
    "received": None,
}
"""Every field and what it holds in a fresh form. Set, not deleted: a browser keeps what was typed under a deleted key."""

_SAVED, _ERRORS, _NONCE = "log_saved", "log_errors", "log_nonce"


def ready(viewer: Viewer) -> bool:
    """Whether there is a location to log for; says what to do where there is none."""
    if loaders.locations(viewer):
        return True
    st.info(
        "No location is set up that you can log for. Import the practice's leads first "
        "(`handoff import FILE --mapping MAPPING`), or ask a manager to give you one.",
        icon=":material/location_off:",
    )
    return False


def draw(viewer: Viewer) -> None:
    """The form. What was typed stays until it is saved; what is wrong is said beside the field."""
    places = {place["id"]: place for place in loaders.locations(viewer)}
    st.session_state.setdefault(_NONCE, secrets.token_hex(16))
    for field, value in (_DEFAULTS | {"location": next(iter(places))}).items():
        st.session_state.setdefault(_key(field), value)
    partners = _names("partners")
    with st.form("log_inquiry", enter_to_submit=False):
        st.pills("What do they want?", list(Kind), format_func=labels.word, key=_key("kind"))
        _wrong("kind")
        channels = [c for c in Channel if c != Channel.NOT_RECORDED]
        st.pills("How did it arrive?", channels, format_func=labels.word, key=_key("channel"))
        _wrong("channel")
        st.selectbox(
            "Referral partner", list(partners), format_func=partners.__getitem__, key=_key("partner"),
            placeholder="Type a few letters, or leave empty if unknown",
        )  # fmt: skip
        _wrong("partner")
        st.text_input(
            "Patient reference", key=_key("reference"), max_chars=forms.REFERENCE_LENGTH, placeholder="A-1047",
            help="The short local code. No name, birth date, phone number or diagnosis.",
        )  # fmt: skip
        _wrong("reference")
        st.pills("Received", forms.WHEN, key=_key("when"))
        _wrong("received")
        _details(places)
        st.form_submit_button("Save inquiry", type="primary", on_click=_submit, args=(viewer,), shortcut="Ctrl+Enter")


def _details(places: dict[int, dict[str, Any]]) -> None:
    names = {k: v["name"] for k, v in places.items()}
    st.selectbox("Location", list(names), format_func=names.__getitem__, key=_key("location"))
    _wrong("location")
    hidden = ("topic", "expectations", "received")
    wrong = any(name in st.session_state.get(_ERRORS, {}) for name in hidden)
    with st.expander("Topic, priority, owner and more", expanded=wrong, icon=":material/tune:"):
        st.pills("Topic", list(Topic), format_func=labels.word, key=_key("topic"))
        _wrong("topic")
        askers = [a for a in Asker if a != Asker.NOT_RECORDED]
        st.pills(
            "Who asked?",
            askers,
            format_func=labels.word,
            key=_key("asker"),
            help="Empty: a clinician for faxes, secure e-mails, outreach and what partners ask; else the patient.",
        )
        st.toggle("Answered live: the call or visit was taken as it came in", key=_key("live"))
        st.pills("Priority", list(Priority), format_func=labels.word, key=_key("priority"))
        st.pills(
            "Partner category, where the partner is unknown",
            list(PartnerCategory),
            format_func=labels.word,
            key=_key("category"),
        )
        for field, label, table in (
            ("service_line", "Service line", "service_lines"), ("source", "Source", "sources"), ("owner", "Owner", "staff"),
            ("clinician", "Requested clinician", "staff"),
        ):  # fmt: skip
            known = _names(table)
            st.selectbox(label, list(known), format_func=known.__getitem__, key=_key(field), placeholder="Not given")
        st.text_area("Expectations (warm introductions)", key=_key("expectations"), max_chars=forms.EXPECTATIONS_LENGTH,
                     help="What was promised. No name, birth date or diagnosis.")  # fmt: skip
        _wrong("expectations")
        st.datetime_input("Other time, on the location's clock", key=_key("received"), format="YYYY-MM-DD", step=300)


def _submit(viewer: Viewer) -> None:
    """Runs before the page is drawn again: parse, save, and keep either the errors or what was saved."""
    raw = {field: st.session_state.get(_key(field)) for field in _DEFAULTS}
    places = {place["id"]: place for place in loaders.locations(viewer)}
    place = places.get(raw["location"])
    now = clock.now()
    categories = {p["id"]: PartnerCategory(p["category"]) for p in loaders.choices("partners")}
    parsed = forms.parse_inquiry(raw, zone=place["zone"] if place else "UTC", now=now, partner_categories=categories)
    st.session_state[_SAVED], st.session_state[_ERRORS] = None, {}
    if not isinstance(parsed, Inquiry):
        st.session_state[_ERRORS] = parsed
        return
    try:
        logged = actions.log_inquiry(loaders.database(), viewer, parsed, nonce=st.session_state[_NONCE], now=now)
    except (NotPossible, auth.NotAllowed) as error:
        st.session_state[_ERRORS] = {"": str(error)}
        return
    st.session_state[_SAVED] = (logged, place, parsed.asked.pathway)
    st.session_state[_NONCE] = secrets.token_hex(16)
    for field, value in _DEFAULTS.items():
        if field not in _STICKY:
            st.session_state[_key(field)] = value


def saved_message() -> None:
    """What was saved and by when to call, or what could not be."""
    if general := st.session_state.get(_ERRORS, {}).get(""):
        st.error(general, icon=":material/error:")
    elif st.session_state.get(_ERRORS):
        st.error("Not saved yet: see the fields marked below.", icon=":material/error:")
    if saved := st.session_state.get(_SAVED):
        logged, place, pathway = saved
        text = f"Inquiry {logged.lead_id} was saved{' before; it is there once' if logged.again else ''}, "
        text += f"{labels.word(pathway).lower()} pathway. "
        text += (
            f"Respond by **{deadline(logged.respond_by, place['zone'])}**."
            if logged.respond_by
            else "It has no deadline."
        )
        st.success(text, icon=":material/check_circle:")


def criteria_card() -> None:
    """What the practice takes, to answer in one look."""
    st.subheader("Who we see")
    for line in loaders.choices("service_lines"):
        mark = ":green[Accepting new patients]" if line["accepting"] else ":orange[Not accepting now]"
        st.markdown(f"**{line['name']}** · {mark}  \n{line['appropriate_for']}")


def last_entries(viewer: Viewer) -> None:
    """What this person logged last, from the database."""
    entries = loaders.my_entries(viewer)
    if entries:
        st.subheader("Your last entries")
        lead_table(entries)


def _names(table: str) -> dict[int, str]:
    return {entry["id"]: entry["name"] for entry in loaders.choices(table)}


def _key(field: str) -> str:
    return f"log_{field}"


def _wrong(field: str) -> None:
    if problem := st.session_state.get(_ERRORS, {}).get(field):
        st.markdown(f":red[{problem}]")
