"""What the weekly review decides and keeps: its actions, carried over until they end, and the weeks that it froze."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t
from data_access.columns import holding
from data_access.lead_rules import NotPossible, require_no_patient
from data_access.vocabulary import ActionEnding, TrendSeries

TEXT_LENGTH = 160


@dataclass(frozen=True)
class Action:
    """One decision: who does what by when, and which number it is to move.

    Attributes
    ----------
    series : TrendSeries, optional
        The weekly number that it is about.
    location_id, partner_id : int, optional
        Where, and with whom; None for the whole practice, and for no partner in particular.
    week : int
        Number of the week whose review decided it.
    ended_at, ending : optional
        None while it is open.
    """

    id: int
    text: str
    owner_id: int
    owner: str
    due_on: date
    series: TrendSeries | None
    location_id: int | None
    partner_id: int | None
    week: int
    decided_at: datetime
    ended_at: datetime | None
    ending: ActionEnding | None


def decide(
    connection: Connection,
    text: str,
    *,
    owner_id: int,
    due_on: date,
    week: int,
    today: date,
    now: datetime,
    series: TrendSeries | None = None,
    location_id: int | None = None,
    partner_id: int | None = None,
    staff_id: int | None = None,
) -> int:
    """Write down an action, and return its id; the same one, open already, is not written twice.

    Raises
    ------
    ValueError
        When the text is empty, too long, or points to a patient, the owner is not of the staff, or the due day is over.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= TEXT_LENGTH:
        raise ValueError(
            f"An action has 1 to {TEXT_LENGTH} characters, this one has {len(text)}. Say in one line what is done."
        )
    require_no_patient(text)
    _require_owner(connection, owner_id)
    _require_ahead(due_on, today)
    c = t.review_actions.c
    values = {"text": text, "owner_id": owner_id, "due_on": due_on, "week": week, "series": series,
              "location_id": location_id, "partner_id": partner_id}  # fmt: skip
    if there := connection.scalar(sa.select(c.id).where(c.ended_at.is_(None), *holding(t.review_actions, values))):
        return int(there)
    row = sa.insert(t.review_actions).values(**values, decided_at=now, staff_id=staff_id)
    return int(connection.execute(row.returning(c.id)).scalar_one())


def end(connection: Connection, seen: Action, ending: ActionEnding | None, *, now: datetime) -> None:
    """End an action, or take it up again (None); one that has ended so already stays as it is.

    Parameters
    ----------
    seen : Action
        As somebody saw it who says so.

    Raises
    ------
    LookupError
        When there is no such action.
    NotPossible
        When somebody else ended it otherwise, or took it up again, since.
    """
    was, becomes = {"ending": seen.ending}, {"ending": ending, "ended_at": now if ending else None}
    if not _change(connection, seen.id, was, becomes):
        now_is = get(connection, seen.id).ending
        if now_is != ending:
            raise NotPossible(f"Somebody else changed it meanwhile: it is {now_is or 'open'} now. {_NOT_SAVED}")


def move(connection: Connection, seen: Action, *, owner_id: int, due_on: date, today: date) -> None:
    """Give an action to somebody, or another day; errors as for `decide`, and as for `end` where it was moved or ended."""
    if owner_id != seen.owner_id:
        _require_owner(connection, owner_id)
    if due_on != seen.due_on:
        _require_ahead(due_on, today)
    was = {"owner_id": seen.owner_id, "due_on": seen.due_on, "ending": None}
    becomes = {"owner_id": owner_id, "due_on": due_on}
    if not _change(connection, seen.id, was, becomes):
        now_is = get(connection, seen.id)
        if now_is.ending or (now_is.owner_id, now_is.due_on) != (owner_id, due_on):
            standing = f"it is {now_is.ending}" if now_is.ending else f"{now_is.owner} has it, due {now_is.due_on}"
            raise NotPossible(f"Somebody else changed it meanwhile: {standing} now. {_NOT_SAVED}")


_NOT_SAVED = "Yours was not saved; look at it, and say it again if it still holds."


def _change(connection: Connection, action_id: int, was: Mapping[str, Any], becomes: Mapping[str, Any]) -> bool:
    """Change an action where it still stands as somebody saw it; whether it does."""
    standing = (t.review_actions.c.id == action_id, *holding(t.review_actions, was))
    return bool(connection.execute(sa.update(t.review_actions).where(*standing).values(**becomes)).rowcount)


def get(connection: Connection, action_id: int) -> Action:
    """One action; `LookupError` where there is none."""
    found = connection.execute(_actions().where(t.review_actions.c.id == action_id)).one_or_none()
    if found is None:
        raise LookupError(f"There is no action {action_id}.")
    return _action(found)


def actions_of(
    connection: Connection,
    week: int,
    since: datetime,
    locations: Collection[int] | None,
    until: datetime | None = None,
) -> list[Action]:
    """What a week's review looks back on and decides, in order of the due day: actions that reviews up to this week decided,
    and that are open or have ended since a moment.

    Parameters
    ----------
    locations : collection of int, or None
        The viewer's scope: actions of other locations are left out; None for every location.
    until : datetime, optional
        What ended at this moment or later is open: it had not ended yet.
    """
    c = t.review_actions.c
    query = _actions().where(c.week <= week, c.ended_at.is_(None) | (c.ended_at >= since) | (c.week == week))
    if locations is not None:
        query = query.where(c.location_id.is_(None) | c.location_id.in_(list(locations)))
    found = [_action(row) for row in connection.execute(query.order_by(c.due_on, c.id))]
    return [
        replace(one, ended_at=None, ending=None) if until and one.ended_at and one.ended_at >= until else one
        for one in found
    ]


def freeze(
    connection: Connection, week: int, filters: str, content: Mapping[str, Any], *, now: datetime, staff_id: int | None
) -> None:
    """Keep what a meeting saw; the same content is kept once, and another one beside the first.

    Parameters
    ----------
    filters : str
        What was filtered, as the page's address has it; empty for nothing.
    """
    digest, c = digest_of(content), t.frozen_reviews.c
    last = sa.select(c.digest).where(c.week == week, c.filters == filters).order_by(c.id.desc()).limit(1)
    if connection.scalar(last) != digest:
        row = {"week": week, "filters": filters, "frozen_at": now, "staff_id": staff_id, "content": dict(content),
               "digest": digest}  # fmt: skip
        connection.execute(sa.insert(t.frozen_reviews).values(**row))


@dataclass(frozen=True)
class Frozen:
    """What a meeting saw, when it was kept, and by whom."""

    content: Mapping[str, Any]
    frozen_at: datetime
    by: str
    digest: str


def frozen(connection: Connection, week: int, filters: str) -> Frozen | None:
    """What the last meeting on a week saw with these filters; None where nothing was kept.

    Raises
    ------
    ValueError
        When what is kept is not what was kept: its digest differs.
    """
    c = t.frozen_reviews.c
    query = (
        sa.select(c.content, c.frozen_at, t.staff.c.name, c.digest)
        .outerjoin(t.staff, t.staff.c.id == c.staff_id)
        .where(c.week == week, c.filters == filters)
        .order_by(c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    if digest_of(found.content) != found.digest:
        raise ValueError("This frozen week was changed after it was kept. Ask an administrator.")
    return Frozen(found.content, found.frozen_at, found.name or "the command line", found.digest)


def frozen_weeks(connection: Connection, filters: str) -> list[int]:
    """The weeks of which something was kept with these filters, the newest first."""
    c = t.frozen_reviews.c
    query = sa.select(c.week).where(c.filters == filters).distinct().order_by(c.week.desc())
    return list(connection.execute(query).scalars())


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _actions() -> sa.Select[Any]:
    c = t.review_actions.c
    return sa.select(
        c.id, c.text, c.owner_id, t.staff.c.name, c.due_on, c.series, c.location_id, c.partner_id, c.week, c.decided_at,
        c.ended_at, c.ending,
    ).join(t.staff, t.staff.c.id == c.owner_id)  # fmt: skip


def _action(row: Any) -> Action:
    return Action(
        row.id, row.text, row.owner_id, row.name, row.due_on, TrendSeries(row.series) if row.series else None,
        row.location_id, row.partner_id, row.week, row.decided_at, row.ended_at,
        ActionEnding(row.ending) if row.ending else None,
    )  # fmt: skip


def _require_owner(connection: Connection, owner_id: int) -> None:
    if not practice.on_staff(connection, owner_id):
        raise ValueError("An action has one owner, who is on the staff. Choose somebody.")


def _require_ahead(due_on: date, today: date) -> None:
    if due_on < today:
        raise ValueError("The due day is over. Choose today or a later day.")
