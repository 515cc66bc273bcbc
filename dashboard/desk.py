"""Working on a lead: its buttons, the few fields that some of them ask for, what was done last, and taking it back."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, clock, labels, loaders, practice_loaders, session, timeline
from dashboard.actions import Recorded
from dashboard.auth import Viewer
from dashboard.forms import Errors
from dashboard.lead_forms import ACTIONS, BY_SCRIPT, Stands, others, usual
from data_access.events import Assigned, Closed, Happening
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    Check,
    CloseReason,
    ContactMethod,
    Kind,
    Need,
    NextStep,
    NotEligibleReason,
    PauseReason,
    Priority,
    StallReason,
    TextUse,
)

_MOVED = timedelta(seconds=1)
"""So long after something was done, a click on another row is taken for the second click of two."""
_DESK = "desk"
_STEPS = (
    NextStep.CALL, NextStep.WRITE, NextStep.REMIND_OF_RECORDS, NextStep.CLINICAL_REVIEW, NextStep.OFFER_APPOINTMENT,
    NextStep.CONFIRM_APPOINTMENT, NextStep.DECIDE, NextStep.OTHER,
)  # fmt: skip
"""What people put off; the answer that was promised, and a visit's outcome, have their own time."""


@dataclass
class _Desk:
    """What stands open on somebody's desk: the fields asked for last, and what was done last.

    It is changed and never replaced, because a callback must not write to the session (session.py).
    """

    asking: tuple[int, str] | None = None
    errors: Errors = field(default_factory=dict)
    said: str = ""
    problem: str = ""
    done: Recorded | None = None
    lead_id: int | None = None
    at: datetime | None = None
    told: bool = False
    by: tuple[int, int | None] = (0, None)

    def show(
        self,
        *,
        asking: tuple[int, str] | None = None,
        errors: Errors | None = None,
        said: str = "",
        problem: str = "",
        done: Recorded | None = None,
        lead_id: int | None = None,
    ) -> None:
        """Put this on the desk, in place of what lay there."""
        self.asking, self.errors, self.said, self.problem, self.done = asking, errors or {}, said, problem, done
        self.lead_id, self.at, self.told = lead_id, clock.now(), False


def _desk() -> _Desk:
    return session.kept(_DESK, _Desk)


def stands(row: Mapping[str, Any], now: datetime) -> Stands:
    """How a listed lead stands, for the choice of its actions."""
    status, need, starts = row["appointment_status"], row["need"], row.get("starts_at")
    return Stands(
        need=Need(need) if need else None,
        kind=Kind(row["kind"]),
        appointment=AppointmentStatus(status) if status else None,
        begun=bool(starts and starts <= now),
    )


def notice(viewer: Viewer, lead_id: int | None = None) -> None:
    """What was done last, with its undo, or why it was not; `lead_id`: only if it was done on this lead.

    The toast, for whoever has scrolled away, comes once.
    """
    desk = _desk()
    if lead_id is not None and desk.lead_id not in (None, lead_id):
        return
    if desk.problem:
        st.error(desk.problem, icon=":material/error:")
    if desk.said:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(desk.said, icon=":material/check_circle:", width="stretch")
            if desk.done:
                st.button("Undo", key="desk_undo", icon=":material/undo:", on_click=_undo, args=(viewer,))
    if (text := desk.problem or desk.said) and not desk.told:
        st.toast(text, icon=":material/error:" if desk.problem else ":material/check_circle:")
    desk.told = True


def buttons(viewer: Viewer, row: Mapping[str, Any], now: datetime) -> None:
    """What is usually done next as buttons, and everything else in a menu."""
    lead, usually = row["id"], usual(stands(row, now))
    for name in usually:
        action = ACTIONS[name]
        st.button(
            action.label, key=f"desk_{name}_{lead}", icon=f":material/{action.icon}:", on_click=_press,
            args=(viewer, dict(row), name), type="primary" if name == usually[0] else "secondary",
        )  # fmt: skip
    dropped = row["need"] == Need.ANSWER and row["respond_by"] is not None and row["respond_by"] < now
    if (
        viewer.staff_id
        and row["need"]
        and (row["owner_id"] is None or (dropped and row["owner_id"] != viewer.staff_id))
    ):
        st.button("Take it", key=f"desk_take_{lead}", icon=":material/front_hand:", on_click=_take, args=(viewer, row))
    if more := others(stands(row, now)):
        key = f"desk_more_{lead}"
        st.menu_button(
            "More", more, key=key, format_func=lambda name: ACTIONS[name].label, on_click=_choose,
            args=(viewer, dict(row), key), icon=":material/more_horiz:",
        )  # fmt: skip


def fields(viewer: Viewer, row: Mapping[str, Any]) -> None:
    """The few fields that an action on this lead asks for, under its row; nothing where none was pressed."""
    desk = _desk()
    if not desk.asking or desk.asking[0] != row["id"]:
        return
    name = desk.asking[1]
    action = ACTIONS[name]
    with st.form(f"desk_form_{row['id']}_{name}", border=True):
        st.markdown(f"**{action.label}**: {called(row)}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for asked in action.asks:
                _field(viewer, row, asked)
        for problem in desk.errors.values():
            st.markdown(f":red[{problem}]")
        with st.container(horizontal=True):
            st.form_submit_button(
                action.label, type="primary", on_click=_submit, args=(viewer, dict(row), name), shortcut="Ctrl+Enter"
            )
            st.form_submit_button("Leave it", on_click=_put_away)


@session.click
def take_back(viewer: Viewer, row: Mapping[str, Any], event_id: int) -> None:
    """Take back one entry of a lead."""
    done = Recorded(row["id"], event_id)
    attempt(
        lambda: actions.take_back(loaders.database(), viewer, done, now=clock.now()),
        f"I{called(row)[1:]}: the entry was taken back and no longer counts.", lead_id=row["id"],
    )  # fmt: skip


@session.click
def merge(viewer: Viewer, lead_id: int, into_id: int) -> None:
    """Close a lead as a duplicate of another, on which what was done goes on."""
    if lead := loaders.lead(viewer, lead_id):
        do(viewer, lead.row, Closed(reason=CloseReason.DUPLICATE, duplicate_of=into_id))


def called(row: Mapping[str, Any]) -> str:
    """A lead in two words: its number, and its reference where it has one."""
    return f"inquiry {row['id']}" + (f" ({row['reference']})" if row["reference"] else "")


def _field(viewer: Viewer, row: Mapping[str, Any], name: str) -> None:
    key, today = _key(row["id"], name), clock.now().astimezone(ZoneInfo(row["zone"])).date()
    if name in _WORDS:
        label, words = _WORDS[name]
        offered = practice_loaders.offered(words) if isinstance(words, type) else words
        rule = practice_loaders.text_for(TextUse.PRIORITY, {}) if name == "priority" else None
        st.pills(label, list(offered), format_func=labels.word, key=key, wrap=True, help=rule.body if rule else None)
    elif name in _CHECKS:
        st.pills(_CHECKS[name], list(Check), format_func=labels.word, key=key, default=Check(row[name]), required=True)
    elif name in ("day", "until"):
        label = "Day" if name == "day" else "Take it up again on"
        first = today if name == "until" else today - timedelta(days=60)
        st.date_input(label, value=None, key=key, min_value=first, format="YYYY-MM-DD")
    elif name == "time":
        st.time_input(f"Time ({row['zone'].partition('/')[2].replace('_', ' ')})", value=None, key=key, step=900)
    elif name == "preparation":
        st.toggle("Preparation steps sent", key=key)
    elif name == "may_contact":
        st.toggle("We may get in touch", value=row["may_contact"], key=key)
    elif name == "duplicate_of":
        st.number_input(
            "Of a duplicate: the inquiry that goes on", value=None, min_value=1, step=1, key=key, format="%d"
        )
    else:
        entries = loaders.choices("staff") if name == "owner" else loaders.locations(viewer)
        names = {entry["id"]: entry["name"] for entry in entries}
        st.selectbox("Owner" if name == "owner" else "Location", list(names), index=None, key=key,
                     format_func=names.__getitem__)  # fmt: skip


_CHECKS = {
    "service_fit": "Service fit",
    "demographics": "Who it is",
    "scheduling_needs": "When and where they can come",
}
_WORDS: Mapping[str, tuple[str, type[StrEnum] | Sequence[StrEnum]]] = {
    "by": ("By whom?", CancelledBy),
    "close_reason": ("Why?", CloseReason),
    "not_eligible": ("Why?", NotEligibleReason),
    "put_off": ("Why?", PauseReason),
    "stalled": ("It waits for", StallReason),
    "priority": ("Priority", Priority),
    "preferred": ("Preferred way", ContactMethod),
    "step": ("What is to be done then?", _STEPS),
}


def refuse(lead_id: int, errors: Errors) -> None:
    """Keep what is wrong with what was typed about a lead in a form of its own."""
    _desk().show(errors=errors, lead_id=lead_id)


def refused(lead_id: int) -> list[str]:
    """What is wrong with what was typed about a lead in a form of its own."""
    desk = _desk()
    return list(desk.errors.values()) if desk.lead_id == lead_id and not desk.asking else []


def _key(lead: int, name: str) -> str:
    return f"desk_{name}_of_{lead}"


@session.click
def _choose(viewer: Viewer, row: dict[str, Any], key: str) -> None:
    if name := session.values().get(key):
        _press(viewer, row, name)


@session.click
def _press(viewer: Viewer, row: dict[str, Any], name: str) -> None:
    if _slid(row):
        return
    if ACTIONS[name].asks:
        _desk().show(asking=(row["id"], name))
    else:
        _submit(viewer, row, name)


def _slid(row: Mapping[str, Any]) -> bool:
    """Whether this is the second click of two: the row that was meant has gone, and another lies under the pointer.

    What was done first stays on the desk, with its undo.
    """
    desk = _desk()
    slid = bool(desk.done and desk.at and clock.now() - desk.at < _MOVED and desk.lead_id != row["id"])
    if slid:
        desk.problem, desk.told = (
            f"The list had just moved: nothing was noted on {called(row)}. Press again, if it is meant.",
            False,
        )
    return slid


@session.click
def _put_away() -> None:
    _desk().show()


@session.click
def _submit(viewer: Viewer, row: dict[str, Any], name: str) -> None:
    """Runs before the page is drawn again: parse, write, and say so; or keep what is wrong beside the fields."""
    action, values = ACTIONS[name], session.values()
    raw = {asked: values.get(_key(row["id"], asked)) for asked in action.asks}
    made = action.parse(raw, ZoneInfo(row["zone"]))
    if isinstance(made, dict):
        _desk().show(asking=(row["id"], name), errors=made)
        return
    do(viewer, row, made, asking=(row["id"], name) if action.asks else None)


@session.click
def _take(viewer: Viewer, row: Mapping[str, Any]) -> None:
    if not _slid(row):
        do(viewer, row, Assigned(owner_id=viewer.staff_id))


@session.click
def do(viewer: Viewer, row: Mapping[str, Any], what: Happening, *, asking: tuple[int, str] | None = None) -> None:
    """Write down what happened to a lead, now or at the time that was given beside it, and say so.

    `asking`: whose fields stay open where it is refused.
    """
    typed: datetime | None = session.values().get(when_key(row))
    lead, text_id = _desk().by
    earlier = typed.replace(tzinfo=ZoneInfo(row["zone"])) if typed else None
    key = hashlib.sha256(f"{viewer.staff_id}|{row['id']}|{row['version']}|{what!r}".encode()).hexdigest()
    names = {"staff": loaders.names("owner"), "locations": loaders.names("location")}
    told = timeline.said(what, row["zone"], names)
    attempt(
        lambda: actions.record(
            loaders.database(), viewer, row["id"], what, version=row["version"], now=clock.now(), occurred_at=earlier,
            key=key, text_id=text_id if lead == row["id"] and isinstance(what, BY_SCRIPT) else None,
        ),
        f"I{called(row)[1:]}: {told[0].lower()}{told[1:]}.", lead_id=row["id"], asking=asking,
    )  # fmt: skip


def attempt(
    write: Callable[[], Recorded | None],
    said: str,
    *,
    lead_id: int | None = None,
    asking: tuple[int, str] | None = None,
) -> None:
    """Write, and say that it is done, with its undo where it has one; or why it is not."""
    desk = _desk()
    try:
        done = write()
    except actions.REFUSALS as error:
        desk.show(problem=str(error), lead_id=lead_id, asking=asking)
    else:
        desk.show(said=said, done=done, lead_id=lead_id)


def go_by(lead_id: int, text_id: int | None) -> None:
    """From now on what is said to the person, or the partner, of this lead is noted as said by a script; None: by none."""
    _desk().by = (lead_id, text_id)


def when_key(row: Mapping[str, Any]) -> str:
    """Key of the field that says that something happened earlier than now; empty again once something was written down."""
    return f"desk_when_{row['id']}_{row['version']}"


@session.click
def _undo(viewer: Viewer) -> None:
    desk = _desk()
    done, said = desk.done, desk.said
    if done:
        attempt(
            lambda: actions.take_back(loaders.database(), viewer, done, now=clock.now()),
            f"Taken back, and no longer counted: {said[0].lower()}{said[1:]}", lead_id=done.lead_id,
        )  # fmt: skip
