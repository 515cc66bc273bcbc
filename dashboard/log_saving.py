"""What the quick form holds, and how it is saved: once however often it is sent, or noted on an inquiry that is there."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import actions, auth, clock, forms, labels, loaders, session
from dashboard.actions import Recorded
from dashboard.auth import Viewer
from dashboard.formats import deadline
from dashboard.forms import Inquiry
from data_access.events import AskedAgain, Closed
from data_access.lead_rules import Doubtful, NotPossible
from data_access.partners import meant
from data_access.practice import name_key
from data_access.vocabulary import CloseReason, Kind, NextStep, PartnerCategory, Priority

STICKY = ("location", "channel")
"""Fields that stay as last chosen, from form to form and from page to page."""
DEFAULTS: dict[str, Any] = {
    "kind": Kind.SCHEDULING,
    "when": forms.NOW,
    "priority": Priority.ROUTINE,
    "reference": "",
    "expectations": "",
    "live": False,
    "sure": False,
    "sure_partner": False,
    "contact": "",
    **dict.fromkeys(
        (
            "channel",
            "partner",
            "category",
            "topic",
            "asker",
            "location",
            "service_line",
            "source",
            "campaign",
            "owner",
            "clinician",
        )
    ),
    "received": None,
}
"""Every field and what it holds in a fresh form."""
FORM = "log_form"
_SECOND_CLICK = timedelta(seconds=3)


@dataclass
class Form:
    """The form of one inquiry, and of the next: each has another number, and so have its widgets, so that a late click on one
    that is saved already finds nothing to press.

    It is changed and never replaced, because a callback must not write to the session (session.py).

    `errors`: what was wrong when it was sent, and `held` what the fields held then. `doubt`: a field, what it held when it was
    refused as doubtful, and why.
    """

    number: int = 1
    nonce: str = ""
    began_at: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    doubt: tuple[str, Any, str] | None = None
    saved: str | None = None
    undo: tuple[Recorded, ...] = ()
    twin: int | None = None
    text_id: int | None = None
    told: bool = False

    def __post_init__(self) -> None:
        self.nonce = self.nonce or secrets.token_hex(16)

    def begin_next(self, said: str, now: datetime, undo: tuple[Recorded, ...]) -> None:
        """Say what was saved, and begin the next inquiry."""
        self.number, self.nonce, self.began_at = self.number + 1, secrets.token_hex(16), now
        self.errors, self.doubt, self.twin = {}, None, None
        self.saved, self.undo, self.told = said, undo, False

    def wrong(self, name: str) -> str | None:
        """What is wrong with a field, as long as what was sent still stands there."""
        fields = ("received", "when") if name == "received" else (name,)
        changed = any(self.held.get(one) != st.session_state.get(self.key(one)) for one in fields if one in DEFAULTS)
        return None if changed else self.errors.get(name)

    def key(self, name: str) -> str:
        """A widget's key."""
        return f"log_{name}" if name in STICKY else f"log_{name}_{self.number}"


@session.click
def submit(viewer: Viewer, form: Form, number: int) -> None:
    """Runs before the page is drawn again: parse, save, and begin the next form; or keep what is wrong."""
    now, values = clock.now(), session.values()
    raw = {name: values.get(form.key(name)) for name in DEFAULTS}
    untouched = all(raw[name] == value for name, value in DEFAULTS.items() if name not in STICKY)
    if number != form.number or (untouched and form.began_at and now - form.began_at < _SECOND_CLICK):
        return  # the second click of two, on a form that is saved already or on the fresh one in its place
    _save(viewer, form, raw, now)


def partner_meant(typed: Any) -> Any:
    """A few letters that begin one partner's name mean that partner, and a merged one's name the one that goes on.

    Enter takes what was typed, and not the entry that it finds.
    """
    if not isinstance(typed, str):
        return typed
    gone = {name_key(name): root for name, root in loaders.merged_partners().values()}
    names = {entry["id"]: str(entry["name"]) for entry in loaders.choices("partners")}
    return gone.get(name_key(typed)) or meant(typed, names) or typed


def _save(viewer: Viewer, form: Form, raw: dict[str, Any], now: datetime) -> None:
    raw["partner"] = partner_meant(raw["partner"])  # the keys may have been quicker than the field
    places = {place["id"]: place for place in loaders.locations(viewer)}
    place = places.get(raw["location"])
    partners = {p["id"]: p for p in loaders.choices("partners")}
    names = {partner: str(p["name"]) for partner, p in partners.items()}
    categories = {partner: PartnerCategory(p["category"]) for partner, p in partners.items()}
    parsed = forms.parse_inquiry(raw, zone=place["zone"] if place else "UTC", now=now, partner_categories=categories)
    form.saved, form.told, form.doubt, form.errors, form.held = None, False, None, {}, raw
    if not isinstance(parsed, Inquiry):
        form.errors = parsed
        return
    try:
        logged = actions.log_inquiry(
            loaders.database(), viewer, parsed, nonce=form.nonce, now=now, text_id=form.text_id
        )
    except Doubtful as doubt:
        form.doubt = (doubt.field, raw[doubt.field], str(doubt))
        return
    except (NotPossible, auth.NotDone) as error:
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
    form.begin_next(said, now, (Recorded(logged.lead_id, 0),))


@session.click
def ask_again(viewer: Viewer, form: Form, number: int, lead_id: int) -> None:
    """Note on an inquiry that is there that the person got in touch again, instead of logging another one."""
    if number != form.number:
        return
    now, values = clock.now(), session.values()
    channel = values.get(form.key("channel"))
    if channel is None:
        form.errors, form.held = {"channel": "Choose how it arrived."}, {}
        return
    live = bool(values.get(form.key("live"))) and channel in forms.LIVE_CHANNELS
    what = AskedAgain(channel=channel, topic=values.get(form.key("topic")))
    try:
        done = actions.ask_again(loaders.database(), viewer, lead_id, what, live=live, now=now, nonce=form.nonce)
    except actions.REFUSALS as error:
        form.saved, form.told, form.errors = None, False, {"": str(error)}
        return
    said = f"Noted on inquiry {lead_id}: got in touch again. "
    row = lead.row if (lead := loaders.lead(viewer, lead_id)) else {}
    if row.get("next_step"):
        by = f", by **{deadline(row['next_step_by'], row['zone'])}**" if row["next_step_by"] else ""
        said += f"Next: {labels.word(NextStep(row['next_step'])).lower()}{by}."
    else:
        said += ":orange[It has no next step.]"
    form.begin_next(said, now, tuple(done))


@session.click
def undo(viewer: Viewer, form: Form) -> None:
    """Close what was just saved as logged by mistake: it is in no count, and its history shows both; or take a note back."""
    done, form.undo = form.undo, ()  # the second click of two finds nothing to undo
    try:
        if len(done) == 1 and not done[0].event_id:
            lead = loaders.lead(viewer, done[0].lead_id)
            mistake, version = Closed(reason=CloseReason.MISTAKE), lead.row["version"] if lead else 0
            actions.record(loaders.database(), viewer, done[0].lead_id, mistake, version=version, now=clock.now())
            form.saved = f"Inquiry {done[0].lead_id} was taken back: it counts nowhere."
        elif done:
            actions.take_back_all(loaders.database(), viewer, done, now=clock.now())
            form.saved = "The note was taken back."
    except actions.REFUSALS as error:
        form.saved, form.errors = None, {"": str(error)}
