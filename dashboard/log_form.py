"""The quick form: four things asked, everything else defaulted, saved once however often it is sent."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import actions, auth, clock, forms, labels, loaders
from dashboard.auth import Viewer
from dashboard.display import deadline, how_to_import, lead_table
from dashboard.forms import Inquiry
from data_access.events import Closed
from data_access.lead_rules import REFERENCE_LENGTH, Doubtful, NotPossible
from data_access.partners import meant
from data_access.vocabulary import Asker, Channel, CloseReason, Kind, PartnerCategory, Priority, Topic

_STICKY = ("location", "channel")
"""Fields that stay as last chosen, from form to form and from page to page."""
_DEFAULTS: dict[str, Any] = {
    "kind": Kind.SCHEDULING,
    "when": forms.NOW,
    "priority": Priority.ROUTINE,
    "reference": "",
    "expectations": "",
    "live": False,
    "sure": False,
    **dict.fromkeys(
        ("channel", "partner", "category", "topic", "asker", "location", "service_line", "source", "owner", "clinician")
    ),
    "received": None,
}
"""Every field and what it holds in a fresh form."""
_FORM = "log_form"
_SECOND_CLICK = timedelta(seconds=3)


@dataclass
class _Form:
    """The form of one inquiry. The next one has another number, and so have its widgets: a late click on a form that is
    saved already finds nothing to press.
    """

    number: int = 1
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    began_at: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False
    saved: str | None = None
    lead: int | None = None
    drawn: bool = False
    told: bool = False

    def key(self, name: str) -> str:
        """A widget's key."""
        return f"log_{name}" if name in _STICKY else f"log_{name}_{self.number}"


def ready(viewer: Viewer) -> bool:
    """Whether there is a location to log for; says what to do where there is none."""
    if loaders.locations(viewer):
        return True
    st.info(
        f"No location is set up that you can log for. Import the practice's leads first ({how_to_import()}), "
        "or ask a manager to give you one.",
        icon=":material/location_off:",
    )
    return False


def draw(viewer: Viewer) -> None:
    """The form. What was typed stays until it is saved; what is wrong is said beside the field."""
    form: _Form = st.session_state.setdefault(_FORM, _Form())
    places = {place["id"]: place for place in loaders.locations(viewer)}
    if form.drawn and form.key("when") not in st.session_state:  # back from another page: old words are stale
        form.saved, form.errors = None, {}
    form.drawn = True
    for name, value in (_DEFAULTS | {"location": next(iter(places))}).items():
        st.session_state.setdefault(form.key(name), value)
    kind = st.pills(
        "What do they want?", list(Kind), format_func=labels.word, key=form.key("kind"), required=True, wrap=True
    )
    channels = [c for c in Channel if c != Channel.NOT_RECORDED]
    channel = st.pills(
        "How did it arrive?", channels, format_func=labels.word, key=form.key("channel"), wrap=True,
        required=True, persist_state="session",
    )  # fmt: skip
    _wrong(form, "channel")
    with st.form(f"log_inquiry_{form.number}", enter_to_submit=False):
        _asked(form, kind, channel)
        _received(form)
        _details(form, kind, places)
        if form.doubtful:
            st.toggle("It is another one: save it all the same", key=form.key("sure"))
        st.form_submit_button(
            "Save inquiry", type="primary", on_click=_submit, args=(viewer, form.number), shortcut="Ctrl+Enter"
        )
    _outcome(viewer, form)


def _asked(form: _Form, kind: Kind | None, channel: Channel | None) -> None:
    if kind != Kind.PARTNER_REQUEST:  # first, so that the keyboard goes from the channel to it and on to the partner
        st.text_input(
            "Patient reference: the short local code", key=form.key("reference"), max_chars=REFERENCE_LENGTH,
            placeholder="A-1047. No name, birth date, phone number or diagnosis",
        )  # fmt: skip
        _wrong(form, "reference")
    partners = _names("partners")
    st.selectbox(
        "Referral partner", list(partners), format_func=lambda p: partners.get(p, p), key=form.key("partner"),
        placeholder="Type a few letters; a new name is added", accept_new_options=True,
    )  # fmt: skip
    _wrong(form, "partner")
    if _is_new(form):
        _category(form, "What kind of partner is it?")
    if kind == Kind.INFORMATION:
        _topic(form, required=True)
    if kind == Kind.WARM_INTRO:
        st.text_area(
            "Expectations: what was promised", key=form.key("expectations"), max_chars=forms.EXPECTATIONS_LENGTH,
            help="No name, birth date or diagnosis.",
        )  # fmt: skip
        _wrong(form, "expectations")
    if channel in forms.LIVE_CHANNELS:
        st.toggle("Answered as it came in: no call back is owed", key=form.key("live"))


def _received(form: _Form) -> None:
    st.pills("Received", forms.WHEN, key=form.key("when"), required=True)
    st.datetime_input(
        "Or on another day and time, by the location's clock", key=form.key("received"), format="YYYY-MM-DD", step=300
    )
    _wrong(form, "received")


def _topic(form: _Form, *, required: bool) -> None:
    st.pills("Topic", list(Topic), format_func=labels.word, key=form.key("topic"), required=required)
    _wrong(form, "topic")


def _details(form: _Form, kind: Kind | None, places: dict[int, dict[str, Any]]) -> None:
    names = {k: v["name"] for k, v in places.items()}
    st.selectbox(
        "Location", list(names), format_func=names.__getitem__, key=form.key("location"), persist_state="session"
    )
    _wrong(form, "location")
    with st.expander("Who asked, priority, owner and more", icon=":material/tune:"):
        askers = [a for a in Asker if a != Asker.NOT_RECORDED]
        st.pills(
            "Who asked?", askers, format_func=labels.word, key=form.key("asker"),
            help="Empty: a clinician for faxes, secure e-mails, outreach and what partners ask; else the patient.",
        )  # fmt: skip
        st.pills("Priority", list(Priority), format_func=labels.word, key=form.key("priority"), required=True)
        if kind != Kind.INFORMATION:
            _topic(form, required=False)
        if not _is_new(form):
            _category(form, "Partner category, where the partner is unknown")
        for name, label, table in (
            ("service_line", "Service line", "service_lines"), ("source", "Source", "sources"), ("owner", "Owner", "staff"),
            ("clinician", "Requested clinician", "staff"),
        ):  # fmt: skip
            known = _names(table)
            st.selectbox(label, list(known), format_func=known.__getitem__, key=form.key(name), placeholder="Not given")


def _submit(viewer: Viewer, number: int) -> None:
    """Runs before the page is drawn again: parse, save, and begin the next form; or keep what is wrong."""
    form: _Form = st.session_state[_FORM]
    now = clock.now()
    raw = {name: st.session_state.get(form.key(name)) for name in _DEFAULTS}
    untouched = all(raw[name] == value for name, value in _DEFAULTS.items() if name not in _STICKY)
    if number != form.number or (untouched and form.began_at and now - form.began_at < _SECOND_CLICK):
        return  # the second click of two, on a form that is saved already or on the fresh one in its place
    places = {place["id"]: place for place in loaders.locations(viewer)}
    place = places.get(raw["location"])
    partners = {p["id"]: p for p in loaders.choices("partners")}
    names = {partner: str(p["name"]) for partner, p in partners.items()}
    if isinstance(raw["partner"], str):  # Enter takes what was typed, not the entry that it finds
        raw["partner"] = meant(raw["partner"], names) or raw["partner"]
    categories = {partner: PartnerCategory(p["category"]) for partner, p in partners.items()}
    parsed = forms.parse_inquiry(raw, zone=place["zone"] if place else "UTC", now=now, partner_categories=categories)
    form.saved, form.told, form.doubtful = None, False, False
    if not isinstance(parsed, Inquiry):
        form.errors = parsed
        return
    try:
        logged = actions.log_inquiry(loaders.database(), viewer, parsed, nonce=form.nonce, now=now)
    except Doubtful as doubt:
        form.errors, form.doubtful = {doubt.field: str(doubt)}, True
        return
    except (NotPossible, auth.NotAllowed) as error:
        form.errors = {"": str(error)}
        return
    partner = names.get(raw["partner"], raw["partner"])
    said = f"Inquiry {logged.lead_id}" + (f" from {partner}" if partner else "")
    said += f" was saved, {labels.word(parsed.asked.pathway).lower()} pathway. "
    if logged.respond_by and place:
        late = logged.respond_by <= now
        said += f"{'It was due' if late else 'Respond by'} **{deadline(logged.respond_by, place['zone'])}**."
    else:
        said += "It was answered as it came in." if parsed.asked.answered_live else "No response window is set for it."
    for name in set(_DEFAULTS) - set(_STICKY):
        st.session_state.pop(form.key(name), None)
    st.session_state[_FORM] = _Form(form.number + 1, began_at=now, saved=said, lead=logged.lead_id)


def _outcome(viewer: Viewer, form: _Form) -> None:
    """Under the button that was pressed: what was saved and by when to call, or that something is to be mended.

    It stands until the next is saved or the page is left, so that the second click of two cannot wipe it; the toast, for
    whoever has scrolled away, comes once.
    """
    if form.saved:
        text, icon = form.saved, ":material/check_circle:"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(text, icon=icon, width="stretch")
            if form.lead:
                st.button(
                    "Undo", key=f"log_undo_{form.lead}", icon=":material/undo:", on_click=_undo, args=(viewer, form)
                )
    elif form.errors:
        text, icon = form.errors.get("") or "Not saved yet: see what is marked in red above.", ":material/error:"
        st.error(text, icon=icon)
    else:
        return
    if not form.told:
        st.toast(text, icon=icon, duration="long")
    form.told = True


def _undo(viewer: Viewer, form: _Form) -> None:
    """Close what was just saved as logged by mistake: it is in no count, and its history shows both."""
    if not form.lead:
        return
    try:
        lead = loaders.lead(viewer, form.lead)
        version = lead.row["version"] if lead else 0
        actions.record(
            loaders.database(), viewer, form.lead, Closed(reason=CloseReason.MISTAKE), version=version, now=clock.now()
        )
    except actions.REFUSALS as error:
        form.saved, form.errors = None, {"": str(error)}
        return
    form.saved, form.lead = f"Inquiry {form.lead} was taken back: it counts nowhere.", None


def _is_new(form: _Form) -> bool:
    return isinstance(st.session_state.get(form.key("partner")), str)


def _category(form: _Form, label: str) -> None:
    st.pills(label, list(PartnerCategory), format_func=labels.word, key=form.key("category"), wrap=True)
    _wrong(form, "category")


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


def _wrong(form: _Form, name: str) -> None:
    if problem := form.errors.get(name):
        st.markdown(f":red[{problem}]")
