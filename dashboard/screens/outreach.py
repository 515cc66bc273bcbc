"""Blocks of the outreach page: what is due with whom, who was reached, and what followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import (
    auth,
    clock,
    labels,
    loaders,
    partner_actions,
    partner_reports,
    practice_loaders,
    review_loaders,
    session,
)
from dashboard.auth import Viewer
from dashboard.formats import interval, percent, plural
from dashboard.frame import View
from dashboard.loaders import names as names_of
from dashboard.metrics.loop import SPAN_DAYS
from data_access.counted import Standing
from data_access.days import day_number
from data_access.outreach import TEXT_LENGTH, Act
from data_access.vocabulary import Outreach, PartnerCategory, code

_SHOWN, _LATELY_DAYS = 20, 7
_REFUSALS = (ValueError, auth.NotDone)
_NEW, _THERE = "new", "there"
"""Where a problem is said: at the form, or above what is written down already, which may have left its list since."""


@dataclass
class _Written:
    """What was written down last, or why it was not. It is changed and never replaced (session.py)."""

    turn: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def finding(acts: Sequence[Act], today: date) -> str:
    """What is due, in one sentence."""
    due = [act for act in acts if act.done_on is None]
    late = sum(act.due_on < today for act in due)
    done = sum(act.done_on is not None and (today - act.done_on).days < SPAN_DAYS for act in acts)
    if not acts:
        return "No outreach is written down yet: calls, visits, updates and committees, with a partner or a whole category."
    text = f"**{plural(len(due), 'outreach', 'outreaches')}** due" + (f", {late} of them overdue" if late else "")
    return text + f"; {done} done in the last {SPAN_DAYS} days."


def write(view: View) -> None:
    """Write down what is due, or was done."""
    if not view.viewer.may(auth.REACH_OUT):
        return
    written = _written()
    key = f"outreach_new_{written.turn}"
    with st.popover("Write down", icon=":material/add:", key=f"{key}_open"), st.form(key, border=False):
        partners = {p["id"]: str(p["name"]) for p in loaders.choices("partners")}
        st.selectbox("What", list(Outreach), format_func=labels.word, key=f"{key}_kind")
        st.selectbox("With which partner", list(partners), index=None, format_func=partners.__getitem__, key=f"{key}_partner",
                     placeholder="None: a whole category")  # fmt: skip
        st.selectbox("Or with which category", list(PartnerCategory), index=None, format_func=labels.word,
                     key=f"{key}_category", placeholder="None: one partner")  # fmt: skip
        st.text_input("About what", key=f"{key}_text", max_chars=TEXT_LENGTH, placeholder="How to send records",
                      help="How you work together; no name, birth date or diagnosis.")  # fmt: skip
        people = review_loaders.staff()
        st.selectbox(
            "Who does it",
            list(people),
            index=None,
            format_func=people.__getitem__,
            key=f"{key}_owner",
            placeholder="One person",
        )
        st.date_input("Due", value=view.today + timedelta(days=7), key=f"{key}_due", format="YYYY-MM-DD")
        st.toggle("It was done on that day", key=f"{key}_done")
        if problem := written.problems.get(_NEW):
            st.markdown(f":red[{problem}]")
        st.form_submit_button("Write it down", type="primary", on_click=_write, args=(view.viewer, key, view.today))
    if problem := written.problems.get(_THERE):
        st.markdown(f":red[{problem}]")


def due(view: View, acts: Sequence[Act]) -> None:
    """What is due, the first to come first, each to be done with one click."""
    waiting = [act for act in acts if act.done_on is None]
    if not waiting:
        return
    st.subheader("Due")
    for act in waiting[:_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"outreach_due_{act.id}"):
            late = " · :orange[overdue]" if act.due_on < view.today else ""
            st.markdown(f"**{labels.word(act.kind)}** with {_whom(act)}: {act.text}  \n"
                        f"{act.owner} · due {act.due_on:%a %d %b}{late}", width="stretch")  # fmt: skip
            if view.viewer.may(auth.REACH_OUT):
                st.button("Done today", key=f"outreach_done_{act.id}", icon=":material/check:", on_click=_done,
                          args=(view.viewer, act, view.today, view.today))  # fmt: skip
                st.button(
                    "Take back",
                    key=f"outreach_back_{act.id}",
                    type="tertiary",
                    on_click=_back,
                    args=(view.viewer, act),
                )
    if len(waiting) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(waiting)}.")


def lately(view: View, acts: Sequence[Act]) -> None:
    """What was done in the last days, to be taken back where it was a slip."""
    if not view.viewer.may(auth.REACH_OUT):
        return
    for act in acts:
        if act.done_on and (view.today - act.done_on).days <= _LATELY_DAYS:
            with st.container(horizontal=True, vertical_alignment="center", key=f"outreach_lately_{act.id}"):
                st.markdown(
                    f"Done on {act.done_on:%a %d %b}: {labels.word(act.kind).lower()} with {_whom(act)}",
                    width="stretch",
                )
                st.button("Not done after all", key=f"outreach_not_{act.id}", type="tertiary", icon=":material/undo:",
                          on_click=_done, args=(view.viewer, act, None, view.today))  # fmt: skip


def coverage(view: View, acts: Sequence[Act]) -> None:
    """Which categories of partners were reached lately, and how."""
    st.subheader(f"Categories reached in the last {SPAN_DAYS} days")
    since = view.today - timedelta(days=SPAN_DAYS)
    recent = [act for act in acts if act.done_on and act.done_on > since]
    category = {p["id"]: PartnerCategory(p["category"]) for p in practice_loaders.entries("partners")}
    tally = view.count(
        ["partner_category", "state"],
        view.recent(since + timedelta(days=1), view.today + timedelta(days=1)).where(view.viewer.locations),
    )
    sent = tally[tally["state"] != Standing.EXCLUDED].groupby("partner_category")["count"].sum()
    rows = [
        {"Category": labels.word(one), "Referrals": int(sent.get(code(one) + 1, 0))}
        | {labels.word(kind): sum(act.kind == kind and _category(act, category) == one for act in recent) for kind in Outreach}
        for one in PartnerCategory
    ]  # fmt: skip
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    quiet = [
        str(row["Category"]).lower()
        for row in rows
        if row["Referrals"] and not any(row[labels.word(kind)] for kind in Outreach)
    ]
    if quiet:
        st.caption(f"They refer and were not reached: {', '.join(quiet)}.")


def followed(view: View, acts: Sequence[Act]) -> None:
    """Referrals before and after each outreach to one partner: what followed, and not why."""
    chosen = view.filters.partner
    done = [act for act in acts if act.done_on and act.partner_id and (not chosen or act.partner_id in chosen)]
    done = done[::-1][:_SHOWN]
    if not done:
        return
    st.subheader(f"Referrals {SPAN_DAYS} days before and after")
    st.caption("A description, not an effect: who is visited is often who was going to send more, or fewer, anyway.")
    asked = pd.DataFrame(
        [(act.id, act.partner_id, day_number(act.done_on)) for act in done if act.done_on],
        columns=["act", "partner", "day"],
    )
    table = partner_reports.before_and_after(
        view.count, view.filters, view.viewer.locations, acts=asked, today=view.today
    ).table
    shown = pd.DataFrame(
        {
            "Done on": [f"{act.done_on:%d %b %Y}" for act in done],
            "Outreach": [f"{labels.word(act.kind)} with {_whom(act)}: {act.text}" for act in done],
            "Before": table["before"],
            "After": ["not over yet" if value != value else f"{value:,.0f}" for value in table["after"]],
            "Booked before": _booked(table, "before"),
            "Booked after": _booked(table, "after"),
        }
    )
    st.table(shown, border="horizontal", hide_index=True)
    st.caption(f"Booked: within {view.moment.horizon_days} days, of those old enough; with the 95 % interval.")


def _booked(table: pd.DataFrame, when: str) -> list[str]:
    columns = (f"booked_{when}", f"judged_{when}", f"rate_{when}_low", f"rate_{when}_high")
    return [
        f"{percent(k / n, 0)} of {n:,} ({interval(low, high)})" if n else "no data yet"
        for k, n, low, high in zip(*(table[name] for name in columns), strict=True)
    ]


def _whom(act: Act) -> str:
    return (
        names_of("partner").get(act.partner_id, "?")
        if act.partner_id
        else f"all of {labels.word(act.category or PartnerCategory.OTHER).lower()}"
    )


def _category(act: Act, known: dict[int, PartnerCategory]) -> PartnerCategory | None:
    return known.get(act.partner_id) if act.partner_id else act.category


def _written() -> _Written:
    return session.kept("outreach_written", _Written)


@session.click
def _write(viewer: Viewer, key: str, today: date) -> None:
    values, written = session.values(), _written()
    day = values.get(f"{key}_due")
    try:
        if values.get(f"{key}_done") and day and day > today:
            raise ValueError("The day lies ahead. Say on which day it was done.")
        partner_actions.plan_outreach(
            loaders.database(), viewer, values[f"{key}_kind"], values.get(f"{key}_text") or "", day,
            owner_id=values.get(f"{key}_owner"), now=clock.now(), partner_id=values.get(f"{key}_partner"),
            category=values.get(f"{key}_category"), done_on=day if values.get(f"{key}_done") else None,
        )  # fmt: skip
        written.turn, written.problems = written.turn + 1, {}
    except _REFUSALS as problem:
        written.problems = {_NEW: str(problem)}


@session.click
def _done(viewer: Viewer, seen: Act, on: date | None, today: date) -> None:
    written = _written()
    try:
        partner_actions.outreach_done(loaders.database(), viewer, seen, on, today=today)
        written.problems = {}
    except _REFUSALS as problem:
        written.problems = {_THERE: str(problem)}


@session.click
def _back(viewer: Viewer, seen: Act) -> None:
    written = _written()
    try:
        partner_actions.withdraw_outreach(loaders.database(), viewer, seen, now=clock.now())
        written.problems = {}
    except _REFUSALS as problem:
        written.problems = {_THERE: str(problem)}
