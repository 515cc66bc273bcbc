"""The quick form: four things asked, everything else defaulted, saved once however often it is sent."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import actions, auth, clock, focus, forms, labels, loaders, practice_loaders, settings
from dashboard.actions import Recorded
from dashboard.auth import Viewer
from dashboard.display import deadline, how_to_import, lead_table
from dashboard.forms import Inquiry
from dashboard.screens import texts
from data_access.events import AskedAgain, Closed
from data_access.lead_rules import REFERENCE_LENGTH, Doubtful, NotPossible, note_doubts, reference_problem
from data_access.partners import meant
from data_access.vocabulary import Asker, Channel, CloseReason, Kind, PartnerCategory, Priority, TextUse, Topic

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
    "contact": "",
    **dict.fromkeys(
        ("channel", "partner", "category", "topic", "asker", "location", "service_line", "source", "owner", "clinician")
    ),
    "received": None,
}
"""Every field and what it holds in a fresh form."""
_FORM = "log_form"
_FIRST = "What do they want?"
_SECOND_CLICK = timedelta(seconds=3)


@dataclass
class _Form:
    """The form of one inquiry, and of the next: each has another number, and so have its widgets, so that a late click on one
    that is saved already finds nothing to press.

    It is changed and never replaced: Streamlit breaks a run off where it touches the session once a newer run is asked for,
    and what was saved by then must be said by that one. Whoever saves holds `saving`, and whoever draws waits for it.
    """

    number: int = 1
    nonce: str = ""
    began_at: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False
    saved: str | None = None
    undo: tuple[Recorded, ...] = ()
    twin: int | None = None
    text_id: int | None = None
    drawn: bool = False
    told: bool = False
    saving: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.nonce = self.nonce or secrets.token_hex(16)

    def begin_next(self, said: str, now: datetime, undo: tuple[Recorded, ...]) -> None:
        """Say what was saved, and begin the next inquiry."""
        self.number, self.nonce, self.began_at = self.number + 1, secrets.token_hex(16), now
        self.errors, self.doubtful, self.twin, self.drawn = {}, False, None, False
        self.saved, self.undo, self.told = said, undo, False

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
    with form.saving:
        number = form.number
    places = {place["id"]: place for place in loaders.locations(viewer)}
    if form.drawn and form.key("when") not in st.session_state:  # back from another page: old words are stale
        form.saved, form.errors = None, {}
    form.drawn = True
    for name, value in (_DEFAULTS | {"location": next(iter(places))}).items():
        st.session_state.setdefault(form.key(name), value)
    kind = st.pills(_FIRST, list(Kind), format_func=labels.word, key=form.key("kind"), required=True, wrap=True)
    channels = [c for c in Channel if c != Channel.NOT_RECORDED]
    channel = st.pills(
        "How did it arrive?", channels, format_func=labels.word, key=form.key("channel"), wrap=True,
        required=True, persist_state="session",
    )  # fmt: skip
    _wrong(form, "channel")
    _asked(viewer, form, kind, channel)
    with st.form(f"log_inquiry_{form.number}", enter_to_submit=False):
        _received(form)
        _details(form, kind, places)
        st.form_submit_button(
            "Save inquiry", type="primary", on_click=_submit, args=(viewer, form, number), shortcut="Ctrl+Enter"
        )
    _outcome(viewer, form)
    focus.to(_FIRST, name="log", turn=number)
    if number != form.number:  # saved meanwhile
        st.rerun()


def _asked(viewer: Viewer, form: _Form, kind: Kind | None, channel: Channel | None) -> None:
    """What is looked at while it is typed: it stands outside the form, so that leaving a field is enough."""
    if kind != Kind.PARTNER_REQUEST:  # first, so that the keyboard goes from the channel to it and on to the partner
        st.text_input(
            "Patient reference: the short local code", key=form.key("reference"), max_chars=REFERENCE_LENGTH,
            placeholder="A-1047. No name, birth date, phone number or diagnosis",
        )  # fmt: skip
        if settings.read("HANDOFF_CONTACT_SECRET"):
            st.text_input(
                "Phone or e-mail, to find an earlier inquiry", key=form.key("contact"),
                help="Only a fingerprint of it is kept, from which nobody can read it.",
            )  # fmt: skip
            _wrong(form, "contact")
        _reference_doubts(viewer, form)
    partners = _names("partners")
    st.selectbox(
        "Referral partner", list(partners), format_func=lambda p: partners.get(p, p), key=form.key("partner"),
        placeholder="Type a few letters; a new name is added", accept_new_options=True, on_change=_take_meant,
        args=(form.key("partner"),),
    )  # fmt: skip
    _partner_doubts(form)
    if _is_new(form):
        _category(form, "What kind of partner is it?")
    if kind == Kind.INFORMATION:
        _topic(form, required=True)
    if kind == Kind.WARM_INTRO:
        st.text_area(
            "Expectations: what was promised", key=form.key("expectations"), max_chars=forms.EXPECTATIONS_LENGTH,
            help="No name, birth date or diagnosis.",
        )  # fmt: skip
        with st.container():
            _wrong(form, "expectations")
            if seen := note_doubts(st.session_state[form.key("expectations")]):
                st.markdown(f":orange[This may name a person or a diagnosis: {', '.join(seen)}. Leave it out.]")
    if channel in forms.LIVE_CHANNELS:
        st.toggle("Answered as it came in: no call back is owed", key=form.key("live"))


def _reference_doubts(viewer: Viewer, form: _Form) -> None:
    """Live, in a place of its own so that nothing below moves: what is wrong with it, and whether it is there already."""
    with st.container():
        reference = st.session_state[form.key("reference")].strip()
        problem = form.errors.get("reference") or (reference_problem(reference) if reference else None)
        form.twin = None if problem and not form.doubtful else _twin(viewer, form, reference)
        if form.twin:
            st.warning(
                f"Inquiry {form.twin} of these days may be the same one. Is this the same person again?",
                icon=":material/content_copy:",
            )
            with st.container(horizontal=True):
                st.button(
                    f"Add to inquiry {form.twin}", key=form.key("again"), on_click=_ask_again, icon=":material/add_call:",
                    args=(viewer, form, form.number, form.twin),
                )  # fmt: skip
                st.toggle("It is another one: save it all the same", key=form.key("sure"))
        elif problem:
            st.markdown(f":red[{problem}]")
            if form.doubtful:  # of an inquiry at a location that this person does not see
                st.toggle("It is another one: save it all the same", key=form.key("sure"))


def _twin(viewer: Viewer, form: _Form, reference: str) -> int | None:
    """The inquiry that may be this one, by its reference or by a contact's fingerprint."""
    print_ = actions.fingerprint_of(str(st.session_state.get(form.key("contact")) or ""))
    place, partner = st.session_state[form.key("location")], st.session_state.get(form.key("partner"))
    if place is None or not (reference or print_):
        return None
    return loaders.twin(viewer, reference or None, place, partner if isinstance(partner, int) else None, print_)


def _partner_doubts(form: _Form) -> None:
    with st.container():
        typed = st.session_state[form.key("partner")]
        alike = practice_loaders.alike_partners(typed) if isinstance(typed, str) else []
        if form.errors.get("partner"):
            _wrong(form, "partner")
        elif alike:
            st.markdown(f":orange[There is **{alike[0]}** already. Choose it, unless {typed} is another one.]")
        if alike and not form.twin:
            st.toggle("It is another partner", key=form.key("sure"))


def _take_meant(key: str) -> None:
    """A few letters that begin one partner's name mean that partner: Enter takes what was typed, not what it finds."""
    typed = st.session_state.get(key)
    if isinstance(typed, str):
        st.session_state[key] = meant(typed, _names("partners")) or typed


def _received(form: _Form) -> None:
    st.pills("Received", forms.WHEN, key=form.key("when"), required=True)
    st.datetime_input(
        "Or on another day and time, by the location's clock", key=form.key("received"), format="YYYY-MM-DD", step=300
    )
    _wrong(form, "received")


def _topic(form: _Form, *, required: bool) -> None:
    st.pills(
        "Topic", practice_loaders.offered(Topic), format_func=labels.word, key=form.key("topic"), required=required
    )
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
        rule = practice_loaders.text_for(TextUse.PRIORITY, {})
        st.pills(
            "Priority", list(Priority), format_func=labels.word, key=form.key("priority"), required=True,
            help=rule.body if rule else None,
        )  # fmt: skip
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


def _submit(viewer: Viewer, form: _Form, number: int) -> None:
    """Runs before the page is drawn again: parse, save, and begin the next form; or keep what is wrong."""
    now = clock.now()
    with form.saving:
        raw = {name: st.session_state.get(form.key(name)) for name in _DEFAULTS}
        untouched = all(raw[name] == value for name, value in _DEFAULTS.items() if name not in _STICKY)
        if number != form.number or (untouched and form.began_at and now - form.began_at < _SECOND_CLICK):
            return  # the second click of two, on a form that is saved already or on the fresh one in its place
        _save(viewer, form, raw, now)


def _save(viewer: Viewer, form: _Form, raw: dict[str, Any], now: datetime) -> None:
    places = {place["id"]: place for place in loaders.locations(viewer)}
    place = places.get(raw["location"])
    partners = {p["id"]: p for p in loaders.choices("partners")}
    names = {partner: str(p["name"]) for partner, p in partners.items()}
    categories = {partner: PartnerCategory(p["category"]) for partner, p in partners.items()}
    parsed = forms.parse_inquiry(raw, zone=place["zone"] if place else "UTC", now=now, partner_categories=categories)
    form.saved, form.told, form.doubtful = None, False, False
    if not isinstance(parsed, Inquiry):
        form.errors = parsed
        return
    try:
        logged = actions.log_inquiry(
            loaders.database(), viewer, parsed, nonce=form.nonce, now=now, text_id=form.text_id
        )
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
    form.begin_next(said, now, (Recorded(logged.lead_id, 0),))


def _ask_again(viewer: Viewer, form: _Form, number: int, lead_id: int) -> None:
    """Note on an inquiry that is there that the person got in touch again, instead of logging another one."""
    with form.saving:
        if number == form.number:
            _note_again(viewer, form, lead_id)


def _note_again(viewer: Viewer, form: _Form, lead_id: int) -> None:
    channel, now = st.session_state.get(form.key("channel")), clock.now()
    if channel is None:
        form.errors = {"channel": "Choose how it arrived."}
        return
    live = bool(st.session_state.get(form.key("live"))) and channel in forms.LIVE_CHANNELS
    what = AskedAgain(channel=channel, topic=st.session_state.get(form.key("topic")))
    try:
        done = actions.ask_again(loaders.database(), viewer, lead_id, what, live=live, now=now, nonce=form.nonce)
    except actions.REFUSALS as error:
        form.saved, form.told, form.errors = None, False, {"": str(error)}
        return
    said = f"Noted on inquiry {lead_id}: got in touch again. "
    said += "It was answered as it came in." if live else "Its next step is to answer, by the end of the day."
    form.begin_next(said, now, tuple(done))


def _outcome(viewer: Viewer, form: _Form) -> None:
    """Under the button that was pressed: what was saved and by when to call, or that something is to be mended.

    It stands until the next is saved or the page is left, so that the second click of two cannot wipe it; the toast, for
    whoever has scrolled away, comes once.
    """
    if form.saved:
        text, icon = form.saved, ":material/check_circle:"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(text, icon=icon, width="stretch")
            if form.undo:
                st.button(
                    "Undo", key=f"log_undo_{form.number}", icon=":material/undo:", on_click=_undo, args=(viewer, form)
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
    """Close what was just saved as logged by mistake: it is in no count, and its history shows both; or take a note back."""
    said = "The note was taken back."
    try:
        for done in reversed(form.undo):
            if done.event_id:
                actions.take_back(loaders.database(), viewer, done, now=clock.now())
                continue
            lead = loaders.lead(viewer, done.lead_id)
            version = lead.row["version"] if lead else 0
            mistake = Closed(reason=CloseReason.MISTAKE)
            actions.record(loaders.database(), viewer, done.lead_id, mistake, version=version, now=clock.now())
            said = f"Inquiry {done.lead_id} was taken back: it counts nowhere."
    except actions.REFUSALS as error:
        form.saved, form.errors = None, {"": str(error)}
        return
    form.saved, form.undo = said, ()


def _is_new(form: _Form) -> bool:
    return isinstance(st.session_state.get(form.key("partner")), str)


def _category(form: _Form, label: str) -> None:
    st.pills(label, list(PartnerCategory), format_func=labels.word, key=form.key("category"), wrap=True)
    _wrong(form, "category")


def beside(viewer: Viewer) -> None:
    """What to say, by the kind that is chosen, and who is seen here, by the service line that is."""
    form: _Form = st.session_state[_FORM]
    lead = {"kind": st.session_state[form.key("kind")], "need": None}
    form.text_id = texts.script_beside(lead) if lead["kind"] else None
    texts.criteria_card(viewer, st.session_state.get(form.key("service_line")))


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
