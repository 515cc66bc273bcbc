"""The quick form as it is drawn: four things asked, everything else defaulted, looked at while it is typed."""

from typing import Any

import streamlit as st

from dashboard import (
    focus,
    forms,
    labels,
    loaders,
    log_saving,
    navigation,
    practice_loaders,
    privacy_actions,
    session,
    settings,
)
from dashboard.auth import Viewer
from dashboard.display import how_to_import, lead_table
from dashboard.formats import local, plain
from dashboard.log_saving import DEFAULTS, FORM, Form
from dashboard.screens import texts
from data_access.lead_rules import REFERENCE_LENGTH, note_doubts, reference_problem
from data_access.vocabulary import (
    Asker,
    Channel,
    Kind,
    Need,
    PartnerCategory,
    Priority,
    TextUse,
    Topic,
)

FIRST = "What do they want?"


def ready(viewer: Viewer) -> bool:
    """Whether there is a location to log for; says what to do where there is none."""
    if loaders.locations(viewer):
        return True
    st.info(
        f"No location is set up that you can log for. A manager adds one under Places and hours; or {how_to_import(viewer)}.",
        icon=":material/location_off:",
    )
    return False


def draw(viewer: Viewer) -> None:
    """The form. What was typed stays until it is saved; what is wrong is said beside the field."""
    form = session.kept(FORM, Form)
    if navigation.just_came():  # what was said before is stale
        form.saved, form.errors, form.doubt = None, {}, None
    places = {place["id"]: place for place in loaders.locations(viewer)}
    for name, value in (DEFAULTS | {"location": next(iter(places))}).items():
        st.session_state.setdefault(form.key(name), value)
    kind = st.pills(FIRST, list(Kind), format_func=labels.word, key=form.key("kind"), required=True, wrap=True)
    channels = [c for c in Channel if c != Channel.NOT_RECORDED]
    channel = st.pills(
        "How did it arrive?", channels, format_func=labels.word, key=form.key("channel"), wrap=True,
        required=True, persist_state="session",
    )  # fmt: skip
    _wrong(form, "channel")
    _asked(viewer, form, kind)
    _from_whom(form, kind, channel)
    _received(form)
    _details(form, kind, places)
    # Not in an st.form: its button is sent ahead of what was just typed beside it, and the request that follows breaks it off.
    st.button(
        "Save inquiry",
        key=f"log_save_{form.number}",
        type="primary",
        on_click=log_saving.submit,
        args=(viewer, form, form.number),
        shortcut="Ctrl+Enter",
    )
    _outcome(viewer, form)
    focus.to(FIRST, name="log", turn=form.number)


def _asked(viewer: Viewer, form: Form, kind: Kind | None) -> None:
    """What is asked of this kind: whose inquiry it is, and what was promised."""
    form.twin = None
    if kind != Kind.PARTNER_REQUEST:  # first, so that the keyboard goes from the channel to it and on to the partner
        st.text_input(
            "Patient reference: the short local code", key=form.key("reference"), max_chars=REFERENCE_LENGTH,
            placeholder="A-1047. No name, birth date, phone number or diagnosis",
        )  # fmt: skip
        kept = bool(settings.read("HANDOFF_CONTACT_KEYS"))
        if kept or settings.read("HANDOFF_CONTACT_SECRET"):
            st.text_input(
                "Phone or e-mail, to call back" if kept else "Phone or e-mail, to find an earlier inquiry",
                key=form.key("contact"), autocomplete="off",
                help="It is kept encrypted, for those who work inquiries." if kept
                else "Only a fingerprint of it is kept, from which nobody can read it.",
            )  # fmt: skip
            _wrong(form, "contact")
        _reference_doubts(viewer, form)
    if kind == Kind.WARM_INTRO:
        st.text_area(
            "Expectations: what was promised", key=form.key("expectations"), max_chars=forms.EXPECTATIONS_LENGTH,
            help="No name, birth date or diagnosis.",
        )  # fmt: skip
        with st.container():
            _wrong(form, "expectations")
            if seen := note_doubts(st.session_state[form.key("expectations")]):
                st.markdown(f":orange[This may name a person or a diagnosis: {', '.join(seen)}. Leave it out.]")


def _from_whom(form: Form, kind: Kind | None, channel: Channel | None) -> None:
    partners = _names("partners")
    st.selectbox(
        "Referral partner", list(partners), format_func=lambda p: partners.get(p, p), key=form.key("partner"),
        placeholder="Type a few letters and press Enter; a new name is added", accept_new_options=True
    )  # fmt: skip
    _partner_doubts(form)
    if _is_new(form):
        _category(form, "What kind of partner is it?")
    if kind == Kind.INFORMATION:
        _topic(form, required=True)
    if channel in forms.LIVE_CHANNELS:
        st.toggle("Answered as it came in: no call back is owed", key=form.key("live"))


def _reference_doubts(viewer: Viewer, form: Form) -> None:
    """Live, in a place of its own so that nothing below moves: what is wrong with it, and whether it is there already."""
    with st.container():
        reference = st.session_state[form.key("reference")].strip()
        problem = form.wrong("reference") or (reference_problem(reference) if reference else None)
        form.twin = None if problem else _twin(viewer, form, reference)
        if form.twin:
            st.warning(
                f"{_told(viewer, form.twin)} may be the same one. Is this the same person again?",
                icon=":material/content_copy:",
            )
            st.markdown(f"[Look at inquiry {form.twin}](/lead?lead={form.twin}), in a tab of its own.")
            st.button(
                f"Add to inquiry {form.twin}", key=form.key("again"), icon=":material/add_call:",
                on_click=log_saving.ask_again, args=(viewer, form, form.number, form.twin),
            )  # fmt: skip
        elif problem:
            st.markdown(f":red[{problem}]")
        if form.twin or _doubts(form, "reference"):
            st.toggle("It is another one: save it all the same", key=form.key("sure"))


def _told(viewer: Viewer, lead_id: int) -> str:
    """An inquiry in a few words, so that it can be told from another."""
    lead = loaders.lead(viewer, lead_id)
    if lead is None:
        return f"Inquiry {lead_id} of these days"
    row, need = lead.row, lead.row["need"]
    parts = [f"{local(row['received_at'], row['zone']):%d %b}", labels.word(Channel(row["channel"])).lower()]
    parts += [plain(row["partner"])] if row["partner"] else []
    parts += [labels.word(Need(need)).lower() if need else "closed"]
    return f"Inquiry {lead_id} of these days ({', '.join(parts)})"


def _doubts(form: Form, name: str) -> bool:
    """Say what was doubtful about a field when it was refused, as long as it holds the same; whether there is such a doubt."""
    field_, held, why = form.doubt or ("", None, "")
    stands = field_ == name and held == st.session_state.get(form.key(name))
    if stands and not form.twin:
        st.markdown(f":red[{why}]")
    return stands


def _twin(viewer: Viewer, form: Form, reference: str) -> int | None:
    """The inquiry that may be this one, by its reference or by a contact's fingerprint."""
    print_ = privacy_actions.fingerprint_of(str(st.session_state.get(form.key("contact")) or ""))
    place, partner = st.session_state[form.key("location")], _partner(form)
    if place is None or not (reference or print_):
        return None
    return loaders.twin(viewer, reference or None, place, partner if isinstance(partner, int) else None, print_)


def _partner_doubts(form: Form) -> None:
    with st.container():
        typed, partner = st.session_state[form.key("partner")], _partner(form)
        alike = practice_loaders.alike_partners(partner) if isinstance(partner, str) else []
        if isinstance(typed, str) and isinstance(partner, int):
            st.caption(f"This means **{_names('partners').get(partner, '?')}**.")
        _wrong(form, "partner")
        if alike:
            st.markdown(f":orange[There is **{alike[0]}** already. Choose it, unless {typed} is another one.]")
        if alike or _doubts(form, "partner"):
            st.toggle("It is another partner", key=form.key("sure_partner"))


def _received(form: Form) -> None:
    st.pills("Received", forms.WHEN, key=form.key("when"), required=True)
    st.datetime_input(
        "Or on another day and time, by the location's clock", key=form.key("received"), format="YYYY-MM-DD", step=300
    )
    _wrong(form, "received")


def _topic(form: Form, *, required: bool) -> None:
    st.pills(
        "Topic",
        practice_loaders.offered(Topic),
        format_func=labels.word,
        key=form.key("topic"),
        required=required,
        wrap=True,
    )
    _wrong(form, "topic")


def _details(form: Form, kind: Kind | None, places: dict[int, dict[str, Any]]) -> None:
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
            ("service_line", "Service line", "service_lines"), ("source", "Source", "sources"),
            ("campaign", "Campaign", "campaigns"), ("owner", "Owner", "staff"), ("clinician", "Requested clinician", "staff"),
        ):  # fmt: skip
            known = _names(table)
            if known or table != "campaigns":  # most practices have none at a time
                st.selectbox(
                    label, list(known), format_func=known.__getitem__, key=form.key(name), placeholder="Not given"
                )


def _outcome(viewer: Viewer, form: Form) -> None:
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
                    "Undo",
                    key=f"log_undo_{form.number}",
                    icon=":material/undo:",
                    on_click=log_saving.undo,
                    args=(viewer, form),
                )
    elif form.doubt or any(form.wrong(name) for name in form.errors):
        text, icon = form.errors.get("") or "Not saved yet: see what is marked above.", ":material/error:"
        st.error(text, icon=icon)
    else:
        return
    if not form.told:
        st.toast(text, icon=icon, duration="long")
    form.told = True


def _partner(form: Form) -> Any:
    """The partner that is chosen or meant; the name of a new one, or None."""
    return log_saving.partner_meant(st.session_state.get(form.key("partner")))


def _is_new(form: Form) -> bool:
    return isinstance(_partner(form), str)


def _category(form: Form, label: str) -> None:
    st.pills(label, list(PartnerCategory), format_func=labels.word, key=form.key("category"), wrap=True)
    _wrong(form, "category")


def beside(viewer: Viewer) -> None:
    """What to say, by the kind that is chosen, and who is seen here, by the service line that is."""
    form: Form = st.session_state[FORM]
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


def _wrong(form: Form, name: str) -> None:
    if problem := form.wrong(name):
        st.markdown(f":red[{problem}]")
