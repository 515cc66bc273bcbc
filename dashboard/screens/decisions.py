"""Decisions of the weekly review: written down where they are made, carried over until they end; and the freeze."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import streamlit as st
from streamlit.elements.lib.mutable_popover_container import PopoverContainer

from dashboard import auth, clock, loaders, review_actions, review_loaders, session
from dashboard.auth import Viewer
from dashboard.filters import Filters
from dashboard.formats import plural
from dashboard.frame import View
from dashboard.review import blocks
from dashboard.review.document import (
    Block,
    Review,
    to_content,
)
from dashboard.series import SERIES
from data_access.reviews import TEXT_LENGTH, Action
from data_access.vocabulary import ActionEnding, TrendSeries

_MOVES = {"response": TrendSeries.IN_TIME, "stalls": TrendSeries.COMPLETE, "funnel": TrendSeries.BOOKED,
          "partners": TrendSeries.RECEIVED, "capacity": TrendSeries.BOOKED}  # fmt: skip
"""The number that a decision in a block is usually to move."""
NAME, TITLE = "decided", "New actions"
"""The block in which a review's own decisions stand."""
_REFUSALS = (ValueError, LookupError, auth.NotDone)


@dataclass
class _Meeting:
    """What was decided last, or why it was not. It is changed and never replaced (session.py)."""

    turn: int = 0
    said: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)


def _meeting() -> _Meeting:
    return session.kept("weekly_meeting", _Meeting)


def notice() -> None:
    """Say once what was written down last."""
    meeting = _meeting()
    if meeting.said:
        st.toast(meeting.said, icon=":material/check:")
    meeting.said = ""


def carried_over(view: View, week: int, shown: Block) -> None:
    """Earlier reviews' actions as they stand today, each with what its number did since, and how it ends."""
    told = {(row["text"], row["about"]): row["since"] for table in shown.tables for row in table.records()}
    earlier = [one for one in _here(view, week) if one.week < week]
    st.markdown(blocks.tally_of(earlier, view.today) + (" As they stand today:" if earlier else ""))
    for one in earlier:
        _action(view, one, told.get((one.text, blocks.about(one, loaders.names)), ""))


def _here(view: View, week: int) -> list[Action]:
    """What the review looks back on and decides, of the chosen locations and of the whole practice."""
    chosen = (None, *view.filters.location)
    known = review_loaders.actions(view.viewer, week)
    return [one for one in known if not view.filters.location or one.location_id in chosen]


def decided(view: View, week: int) -> None:
    """What this week's review decided."""
    with st.container(border=True, key=f"weekly_block_{NAME}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(TITLE, anchor=NAME, width="stretch")
            decide(view, week, NAME)
        mine = [one for one in _here(view, week) if one.week == week]
        st.markdown(f"**{plural(len(mine), 'action')}** decided in this review." if mine else "Nothing is decided yet.")
        for one in mine:
            _action(view, one, "")


def _action(view: View, one: Action, since: str) -> None:
    where = blocks.about(one, loaders.names)
    beside = " · ".join(part for part in (one.owner, f"due {one.due_on:%a %d %b}", where, since) if part)
    standing = blocks.stands(one, view.today)
    tone = f":orange[{standing}]" if standing == "Overdue" else standing
    problem = _meeting().problems.get(f"action_{one.id}")
    with st.container(horizontal=True, vertical_alignment="center", key=f"weekly_action_{one.id}"):
        st.markdown(f"**{one.text}** · {tone}  \n{beside}", width="stretch")
        if review_actions.may_decide(view.viewer, one.location_id):
            _ways_on(view, one)
    if problem:
        st.markdown(f":red[{problem}]")


def _ways_on(view: View, one: Action) -> None:
    """What can be done with an action: end it one way or the other, or move it; one that ended, take up again."""
    if one.ending:
        st.button("Take up again", key=f"weekly_again_{one.id}", on_click=_end, args=(view.viewer, one, None))
        return
    st.button("Done", key=f"weekly_done_{one.id}", icon=":material/check:", on_click=_end,
              args=(view.viewer, one, ActionEnding.DONE))  # fmt: skip
    st.button("Drop", key=f"weekly_drop_{one.id}", type="tertiary", on_click=_end,
              args=(view.viewer, one, ActionEnding.DROPPED))  # fmt: skip
    key = f"weekly_move_{one.id}_{_meeting().turn}"
    ask = st.popover("Move", type="tertiary", key=f"{key}_open", on_change="rerun")
    if not _asked(ask, key):
        return
    with ask, st.form(key, border=False):
        people = review_loaders.staff()
        people.setdefault(one.owner_id, one.owner)
        st.selectbox("Owner", list(people), index=list(people).index(one.owner_id), format_func=people.__getitem__,
                     key=f"weekly_owner_{one.id}")  # fmt: skip
        st.date_input("Due", value=max(one.due_on, view.today), key=f"weekly_due_{one.id}", format="YYYY-MM-DD")
        st.form_submit_button("Move it", type="primary", on_click=_move, args=(view.viewer, one, view.today))


def _asked(ask: PopoverContainer, key: str) -> bool:
    """Whether a form was ever opened: of a dozen few are, and what was typed in one is still there when it closes."""
    opened = _meeting().opened
    if ask.open:
        opened.add(key)
    return key in opened


def decide(view: View, week: int, name: str) -> None:
    """A decision, written down where it is made."""
    if not view.viewer.may(auth.DECIDE) or name == "actions":
        return
    meeting = _meeting()
    key = f"weekly_new_{name}_{meeting.turn}"
    ask = st.popover("Decide", icon=":material/add_task:", key=f"{key}_open", on_change="rerun")
    if not _asked(ask, key):
        return
    places, one = {place["id"]: place["name"] for place in loaders.locations(view.viewer)}, view.filters.location
    with ask, st.form(key, border=False):
        people = review_loaders.staff()
        st.text_input("What is to be done?", key=f"{key}_text", max_chars=TEXT_LENGTH, placeholder="In one line")
        st.selectbox(
            "Owner",
            list(people),
            index=None,
            format_func=people.__getitem__,
            key=f"{key}_owner",
            placeholder="One person",
        )
        st.date_input(
            "Due", value=view.today + timedelta(days=7), min_value=view.today, key=f"{key}_due", format="YYYY-MM-DD"
        )
        usual = _MOVES.get(name)
        options = [None, *TrendSeries]
        st.selectbox("Which number is it to move?", options, index=options.index(usual), key=f"{key}_series",
                     format_func=lambda series: SERIES[series].title if series else "None of them")  # fmt: skip
        whole = [None] if view.viewer.locations is None else []
        choices = [*whole, *places]
        first = choices.index(one[0]) if len(one) == 1 and one[0] in choices else 0
        st.selectbox("Where?", choices, index=first, key=f"{key}_place",
                     format_func=lambda place: places[place] if place else "The whole practice")  # fmt: skip
        if problem := meeting.problems.get(name):
            st.markdown(f":red[{problem}]")
        st.form_submit_button(
            "Write it down", type="primary", on_click=_write, args=(view.viewer, week, name, key, view.today)
        )


@session.click
def _write(viewer: Viewer, week: int, name: str, key: str, today: date) -> None:
    values, meeting = session.values(), _meeting()
    try:
        review_actions.decide(
            loaders.database(), viewer, values.get(f"{key}_text") or "", owner_id=values.get(f"{key}_owner"),
            due_on=values.get(f"{key}_due"), week=week, today=today, now=clock.now(), series=values.get(f"{key}_series"),
            location_id=values.get(f"{key}_place"),
        )  # fmt: skip
    except _REFUSALS as problem:
        meeting.problems = {name: str(problem)}
    else:
        meeting.turn, meeting.problems, meeting.said = meeting.turn + 1, {}, "Written down."


@session.click
def _end(viewer: Viewer, seen: Action, ending: ActionEnding | None) -> None:
    meeting = _meeting()
    try:
        review_actions.end_action(loaders.database(), viewer, seen, ending, now=clock.now())
        meeting.problems = {}
    except _REFUSALS as problem:
        meeting.problems = {f"action_{seen.id}": str(problem)}


@session.click
def _move(viewer: Viewer, seen: Action, today: date) -> None:
    values, meeting = session.values(), _meeting()
    owner, due = values[f"weekly_owner_{seen.id}"], values[f"weekly_due_{seen.id}"]
    try:
        review_actions.move_action(loaders.database(), viewer, seen, owner_id=owner, due_on=due, today=today)
        meeting.turn, meeting.problems = meeting.turn + 1, {}
    except _REFUSALS as problem:
        meeting.problems = {f"action_{seen.id}": str(problem)}


# ---------------------------------------------------------------- keeping it


def freeze(view: View, week: int, filters: Filters, today: Review) -> None:
    """Keep what the meeting saw."""
    if not view.viewer.may(auth.DECIDE) or view.viewer.locations is not None:
        return
    kept = week in review_loaders.frozen_weeks(view.viewer, filters)
    with st.container(key="weekly_freeze"):
        st.button(
            "Freeze it again, as it is counted today" if kept else "Freeze this week", icon=":material/ac_unit:",
            type="secondary" if kept else "primary", on_click=_freeze,
            args=(view.viewer, week, filters.key, today),
        )  # fmt: skip
        if problem := _meeting().problems.get("freeze"):
            st.markdown(f":red[{problem}]")


@session.click
def _freeze(viewer: Viewer, week: int, key: str, today: Review) -> None:
    meeting = _meeting()
    try:
        review_actions.freeze(loaders.database(), viewer, week, key, to_content(today), now=clock.now())
        meeting.problems, meeting.said = {}, "Frozen: this week stays as the meeting saw it."
    except auth.NotDone as problem:
        meeting.problems = {"freeze": str(problem)}
