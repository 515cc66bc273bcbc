"""Blocks of My day: one list, most urgent first, and what can be done in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import actions, auth, clock, desk, frame, labels, loaders, privacy_actions, session
from dashboard.auth import Viewer
from dashboard.formats import local, minutes, plain, plural
from dashboard.frame import View
from data_access.counted import Due, Promise, Standing
from data_access.dimensions import LEADS, Unit
from data_access.tally import narrower
from data_access.units import DEAD_END_DAYS, SITUATIONS, STALLED_DAYS
from data_access.vocabulary import Channel, Kind, Need, NextStep, Priority, Role, StallReason, code

PAGE = 15
LEAD_PAGE = "../pages/lead.py"
_REFRESH_SECONDS = 20
_HOURS_ALOUD = 12  # beyond so many staffed hours, days say more
_ALL, _MINE, _UNOWNED, _REVIEW = "All", "Mine", "Unowned", "Clinical review"


@dataclass(frozen=True)
class _Choice:
    """What a choice leaves, as keys of the facts, so that its count is that of the metrics pages."""

    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    unit: Unit = SITUATIONS


def _choices(viewer: Viewer, mine: frozenset[int]) -> dict[str, _Choice]:
    waits = {reason: _Choice({"waits_for": (code(reason) + 1,)}) for reason in StallReason}
    own = {_MINE: _Choice({"owner": (*mine, viewer.staff_id)})} if viewer.staff_id else {}
    return {
        **own,
        _ALL: _Choice(),
        "Overdue": _Choice({"due": (Due.OVERDUE,)}),
        "Due today": _Choice({"due": (Due.TODAY,)}),
        "Dropped": _Choice({"state": (Standing.OPEN,), "response": (Promise.OVERDUE,)}, LEADS),
        "Dead ends": _Choice({"dead_end": (1,)}),
        _UNOWNED: _Choice({"owner": (0,)}),
        "No next step": _Choice({"due": (Due.NO_STEP,)}),
        _REVIEW: waits[StallReason.CLINICAL_REVIEW],
        "Waits for partner": waits[StallReason.RECORDS],
        "Waits for patient": waits[StallReason.PATIENT],
        "Stalled": _Choice({"stalled": (1,)}),
    }


_MEANS = {
    "Dropped": "Nobody has tried to answer these, and the promised time is over. Take one, and it is yours.",
    "Dead ends": f"Nobody owns these, or they have no next step, or nobody took it for {DEAD_END_DAYS} days.",
    "Stalled": f"These have stood in their stage for more than {STALLED_DAYS} days without an appointment ahead.",
}
_USUAL = {Role.CLINICAL_REVIEW: _REVIEW, Role.MANAGER: _ALL, Role.ADMINISTRATOR: _ALL}
"""What each role looks at first; the others at what is theirs."""


@st.fragment(run_every=_REFRESH_SECONDS)
def work(view: View) -> None:
    """The list; it draws itself anew now and then, so that a colleague's change is seen without a reload."""
    frame.still(view.viewer)
    frame.outcome()
    view = view.now()
    desk.go_by(0, None)  # no script is shown here
    choices = _choices(view.viewer, loaders.stands_in_for(view.viewer, view.today))
    numbers = _numbers(view, choices)
    st.markdown(finding(numbers))
    first = _USUAL.get(view.viewer.role, _MINE)
    usual = first if numbers.get(first) else _ALL
    chosen = st.pills(
        "Show", list(choices), default=usual, key="my_day_show", required=True, wrap=True, label_visibility="collapsed",
        format_func=lambda name: f"{name} {numbers[name]:,}",
    )  # fmt: skip
    desk.notice(view.viewer)
    choice = choices[chosen or _ALL]
    if means := _MEANS.get(chosen or ""):
        st.caption(means)
    where = narrower(view.whenever(), **choice.keys)
    total, rows = loaders.work_queue(view.viewer, where, view.moment, view.as_of, choice.unit)
    if chosen == "No next step" and total:
        st.button(
            "Give them the next step of the rules", icon=":material/rule:", on_click=_plan,
            args=(view.viewer, [row["id"] for row in rows]), key="my_day_plan",
        )  # fmt: skip
    if not rows:
        st.info("Nothing here wants doing.", icon=":material/done_all:")
    shown = PAGE * st.session_state.get("my_day_pages", 1)
    for row in rows[:shown]:
        line(view.viewer, row, view.as_of)
    if total > shown:
        st.caption(f"The {min(shown, len(rows)):,} most urgent of {total:,}.")
        if len(rows) > shown:
            st.button(f"Show {PAGE} more", key="my_day_more", on_click=_show_more)


def _numbers(view: View, choices: Mapping[str, _Choice]) -> dict[str, int]:
    """How many leads each choice leaves."""
    numbers: dict[str, int] = {}
    for unit in (SITUATIONS, LEADS):
        mine = {name: choice.keys for name, choice in choices.items() if choice.unit is unit}
        counted = view.count(sorted({key for keys in mine.values() for key in keys}), view.whenever(), unit)
        numbers |= {name: _number(counted, keys) for name, keys in mine.items()}
    return numbers


def _number(counted: pd.DataFrame, keys: Mapping[str, Sequence[int]]) -> int:
    kept = counted
    for name, codes in keys.items():
        kept = kept[kept[name].isin(list(codes))]
    return int(kept["count"].sum())


def finding(numbers: Mapping[str, int]) -> str:
    """The finding in one sentence."""
    if not numbers[_ALL]:
        return "No lead is open."
    text = (
        f"**{plural(numbers[_ALL], 'lead')}** {'is' if numbers[_ALL] == 1 else 'are'} open, **{numbers['Overdue']:,}** "
    )
    text += "with a next step that is overdue"
    alarms = [f"{numbers[name]:,} {said}" for name, said in
              ((_UNOWNED, "unowned"), ("No next step", "without a next step"), ("Dead ends", "at a dead end"))
              if numbers[name]]  # fmt: skip
    return text + (f"; **{', '.join(alarms)}**." if alarms else "; each has an owner and a next step.")


def line(viewer: Viewer, row: Mapping[str, Any], now: datetime) -> None:
    """One lead: who it is, what to do and by when, and the buttons that do it."""
    with st.container(border=True, key=f"my_day_row_{row['id']}", gap="xsmall"):
        said, do = st.columns(2, vertical_alignment="center", gap="small")
        with said:
            st.markdown(_step(row))
            st.caption(_who(row))
        with do, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
            if viewer.may(auth.WORK_LEADS):
                desk.buttons(viewer, row, now)
            st.page_link(LEAD_PAGE, label="Open", query_params={"lead": str(row["id"])})
        desk.fields(viewer, row)


def _step(row: Mapping[str, Any]) -> str:
    step = labels.word(NextStep(row["next_step"])) if row["next_step"] else "No next step"
    urgent = f" · :orange[{labels.word(Priority(row['priority']))}]" if row["priority"] != Priority.ROUTINE else ""
    if not row["next_step_by"]:
        return f":orange[**{step}**]{urgent}"
    left, due, now = row["left_minutes"], local(row["next_step_by"], row["zone"]), local(clock.now(), row["zone"])
    far = abs(left) >= _HOURS_ALOUD * 60
    if row["next_step_by"] < clock.now():
        late = f"{plural((now.date() - due.date()).days, 'day')}" if far else minutes(-left)
        return f"**{step}** · :orange[overdue by {late}], since {due:{_day_format(due, now)}}{urgent}"
    return f"**{step}** · {'' if far else minutes(left) + ' left, '}by {due:{_day_format(due, now)}}{urgent}"


def _day_format(due: datetime, now: datetime) -> str:
    return "%H:%M" if due.date() == now.date() else "%a %d %b, %H:%M" if due.year == now.year else "%a %d %b %Y"


def _who(row: Mapping[str, Any]) -> str:
    need = labels.word(Need(row["need"])) if row["need"] else ""
    kind, channel = labels.word(Kind(row["kind"])), labels.word(Channel(row["channel"])).lower()
    received = local(row["received_at"], row["zone"])
    parts = [
        f"**{plain(row['reference'] or 'No. ' + str(row['id']))}**",
        f"{kind} by {channel}, {received:{_day_format(received, local(clock.now(), row['zone']))}}",
        plain(row["partner"] or ""),
        plain(row["location"]),
        plain(row["owner"] or "unowned"),
        need.lower() + (f", tried {row['tries']} times" if row["tries"] > 1 else ""),
        "" if row["may_contact"] else ":orange[wants no contact]",
    ]
    return " · ".join(part for part in parts if part)


@session.click
def _plan(viewer: Viewer, lead_ids: Sequence[int]) -> None:
    planned = actions.plan_by_rule(loaders.database(), viewer, lead_ids, now=clock.now())
    st.toast(f"{plural(planned, 'lead')} got a next step.", icon=":material/rule:")


@session.click
def _show_more() -> None:
    st.session_state["my_day_pages"] = st.session_state.get("my_day_pages", 1) + 1


def refused_posts(view: View) -> None:
    """What web forms posted and was refused, each with the reason and what it said, until somebody looked at it."""
    posts, read = loaders.refused_posts(view.viewer), session.kept(_READ, dict[int, str])
    if not posts:
        return
    with st.expander(f"{plural(len(posts), 'post')} of web forms refused: have a look", icon=":material/report:"):
        for post in posts:
            at = local(post["received_at"], view.zone)
            st.markdown(f"**{post['source']}**, {at:%a %d %b, %H:%M}: {plain(post['refused_because'])}")
            if not view.viewer.may(auth.SEE_CONTACTS):
                st.caption("What it said is shown to those who may see contact details.")
            elif post["id"] in read:
                st.code(read[post["id"]], language="json", wrap_lines=True)
                st.button(
                    "Done with it", key=f"my_day_post_{post['id']}", on_click=_look, args=(view.viewer, post["id"]),
                    icon=":material/done:",
                )  # fmt: skip
            else:
                st.button(
                    "Show what it said", key=f"my_day_read_{post['id']}", on_click=_read, args=(view.viewer, post["id"]),
                    icon=":material/lock_open:", help="The audit log says who reads it.",
                )  # fmt: skip


_READ = "my_day_read"


@session.click
def _read(viewer: Viewer, post_id: int) -> None:
    session.kept(_READ, dict[int, str])[post_id] = privacy_actions.read_post(loaders.database(), viewer, post_id)


@session.click
def _look(viewer: Viewer, post_id: int) -> None:
    privacy_actions.look_at_post(loaders.database(), viewer, post_id, now=clock.now())
    session.kept(_READ, dict[int, str]).pop(post_id, None)


def header_note(view: View) -> None:
    """That the list is about now, where a day in the past was chosen."""
    if view.fixed:
        st.caption("This list is about now: the day chosen in the sidebar does not apply to it.")
