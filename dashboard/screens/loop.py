"""Blocks of the page that closes the loop: who was told what became of their referrals, and the note to the next one."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard import auth, clock, labels, loaders, partner_actions, partner_loaders, practice_loaders, session
from dashboard.auth import Viewer
from dashboard.display import table as shown_table
from dashboard.formats import interval, percent
from dashboard.frame import View
from dashboard.labels import called
from dashboard.loaders import names as names_of
from dashboard.metrics.intervals import wilson
from dashboard.metrics.loop import DUE, NO_CONTACT, NOTED
from dashboard.metrics.small_cells import SMALLEST
from dashboard.partner_note import LENGTHS, Cycle, cycles
from data_access.lead_rules import NotPossible
from data_access.vocabulary import ContactMethod


@dataclass
class _Sent:
    """What was noted last, or why it was not. It is changed and never replaced (session.py)."""

    said: str = ""
    problem: str = ""


def choose(view: View) -> Cycle:
    """Ask which cycle; kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        length = st.segmented_control(
            "Cycle", list(LENGTHS), default="Quarter", key="loop_length", bind="query-params", required=True
        )
        known = {one.name: one for one in cycles(view.today, LENGTHS[length or "Quarter"])}
        chosen = st.selectbox("Which one", list(known), key=f"loop_cycle_{length}", width=260)
    return known[chosen or next(iter(known))]


def finding(table: pd.DataFrame, cycle: Cycle, today: date) -> str:
    """How many loops are closed, in one sentence."""
    asked = table[table["stands"] != NO_CONTACT]
    n, k = len(asked), int((asked["stands"] == NOTED).sum())
    if not n:
        return f"No partner that may be contacted referred anybody in {cycle.name}."
    low, high = wilson([k], [n])
    text = f"**{k} of {n}** partners that referred in {cycle.name} were told what became of it"
    text += f" ({percent(k / n, 0)}; 95 % interval {interval(float(low[0]), float(high[0]))})."
    if k < n:
        text += f" The others have been due for {(today - cycle.after).days} days."
    return text


def due_list(view: View, table: pd.DataFrame, cycle: Cycle) -> None:
    """Every partner that referred in the cycle: who is due first."""
    sent = partner_loaders.notes_of(view.viewer, cycle)
    told = [sent.get(int(one)) for one in table["partner"]]
    named = table.assign(
        name=called(names_of("partner"), table["partner"]),
        stands=table["stands"].str.capitalize(),
        sent=[f"{one[1].astimezone(ZoneInfo(view.zone)):%d %b %Y} by {one[2]}" if one else "" for one in told],
    )
    headings = {"name": "Partner", "referrals": "Referrals", "stands": "Stands", "sent": "Note sent"}
    shown_table(view, named, headings, "Loops of the cycle")


def note(view: View, table: pd.DataFrame, cycle: Cycle) -> None:
    """Look at the note to a partner, copy or download it, and note that it was sent."""
    if not view.viewer.may(auth.REACH_OUT) or view.viewer.locations is not None:
        return
    st.subheader("The note")
    sent, stands = _last(), dict(zip(table["partner"], table["stands"], strict=True))
    for text, icon, show in ((sent.problem, "error", st.error), (sent.said, "check_circle", st.success)):
        if text:
            show(text, icon=f":material/{icon}:")
    sent.said = sent.problem = ""
    names = names_of("partner")
    may = [int(one) for one in table["partner"] if stands[one] != NO_CONTACT]
    if not may:
        return
    partner = st.selectbox(
        "Partner", may, format_func=lambda one: names.get(one, "?"), key=f"loop_partner_{cycle.name}", width=400
    )
    body = partner_loaders.note(view.viewer, partner, cycle, clock.now(), view.today)
    st.code(body, language=None, wrap_lines=True)
    st.caption(f"Made from counts alone: no patient can be in it, and no count from 1 to {SMALLEST - 1} is told.")
    known = {one["id"]: one for one in practice_loaders.entries("partners")}
    wish = known.get(partner, {}).get("preferred_contact")
    if known.get(partner, {}).get("report_back"):
        st.caption(
            "It is agreed with this partner that results go back to them: that is another message, not this note."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Download", body, f"{names.get(partner, 'partner')}, {cycle.name}.txt", "text/plain", icon=":material/download:",
            on_click="ignore", key="loop_download",
        )  # fmt: skip
        ways = list(ContactMethod)
        way = st.selectbox(
            "Sent by", ways, index=ways.index(ContactMethod(wish)) if wish else ways.index(ContactMethod.EMAIL),
            format_func=labels.word, key=f"loop_way_{partner}", width=180,
        )  # fmt: skip
        if stands[partner] == DUE:
            st.button("Note that it was sent", type="primary", key="loop_sent", on_click=_sent,
                      args=(view.viewer, partner, cycle, body, way, view.today))  # fmt: skip
        else:
            noted = partner_loaders.notes_of(view.viewer, cycle)[partner][0]
            st.button("It was not sent after all", key="loop_back", icon=":material/undo:", on_click=_back,
                      args=(view.viewer, noted))  # fmt: skip


def _last() -> _Sent:
    return session.kept("loop_last", _Sent)


@session.click
def _sent(viewer: Viewer, partner: int, cycle: Cycle, body: str, way: ContactMethod, today: date) -> None:
    last, name = _last(), names_of("partner").get(partner, "?")
    try:
        partner_actions.note_sent(
            loaders.database(),
            viewer,
            partner,
            (cycle.first, cycle.after),
            body,
            method=way,
            today=today,
            now=clock.now(),
        )
        last.said = f"{name} was told about {cycle.name}."
    except (ValueError, NotPossible, auth.NotDone) as problem:
        last.problem = str(problem)


@session.click
def _back(viewer: Viewer, note_id: int) -> None:
    last = _last()
    try:
        partner_actions.take_note_back(loaders.database(), viewer, note_id, now=clock.now())
        last.said = "Taken back: it is due again."
    except (LookupError, auth.NotDone) as problem:
        last.problem = str(problem)
