"""Writes about partners: outreach, notes that close the loop, and two that are one."""

from datetime import date, datetime

from sqlalchemy import Engine

from dashboard import auth
from dashboard.acting import acting
from dashboard.auth import Viewer
from data_access import merging, outreach, partner_notes
from data_access.outreach import Act
from data_access.vocabulary import ContactMethod, Outreach, PartnerCategory


def plan_outreach(
    engine: Engine,
    viewer: Viewer,
    kind: Outreach,
    text: str,
    due_on: date | None,
    *,
    owner_id: int | None,
    now: datetime,
    partner_id: int | None = None,
    category: PartnerCategory | None = None,
    done_on: date | None = None,
) -> None:
    """Write down an outreach, due or done; errors as for `outreach.plan`, and `auth.NotAllowed`."""
    auth.require(viewer, auth.REACH_OUT)
    if owner_id is None or due_on is None:
        raise ValueError("An outreach has one owner and one day. Choose both.")
    with acting(engine, viewer, "wrote an outreach down") as (connection, _):
        outreach.plan(
            connection,
            kind,
            text,
            due_on,
            owner_id=owner_id,
            now=now,
            partner_id=partner_id,
            category=category,
            done_on=done_on,
        )


def outreach_done(engine: Engine, viewer: Viewer, seen: Act, on: date | None, *, today: date) -> None:
    """Say on which day an outreach was done; errors as for `outreach.done`, and `auth.NotAllowed`."""
    auth.require(viewer, auth.REACH_OUT)
    with acting(engine, viewer, "said when an outreach was done") as (connection, _):
        outreach.done(connection, seen, on, today=today)


def withdraw_outreach(engine: Engine, viewer: Viewer, seen: Act, *, now: datetime) -> None:
    """Take an outreach back; errors as for `outreach.withdraw`, and `auth.NotAllowed`."""
    auth.require(viewer, auth.REACH_OUT)
    with acting(engine, viewer, "took an outreach back") as (connection, _):
        outreach.withdraw(connection, seen, now)


def note_sent(
    engine: Engine,
    viewer: Viewer,
    partner_id: int,
    cycle: tuple[date, date],
    body: str,
    *,
    method: ContactMethod,
    today: date,
    now: datetime,
) -> None:
    """Note that a partner was sent its note; only for those who see every location, because it tells of all of them.

    Errors as for `partner_notes.sent`, and `auth.NotAllowed`.
    """
    _require_loop(viewer)
    with acting(engine, viewer, "noted that a partner was told") as (connection, _):
        partner_notes.sent(
            connection, partner_id, cycle, body, method=method, today=today, now=now, staff_id=viewer.staff_id
        )


def take_note_back(engine: Engine, viewer: Viewer, note_id: int, *, now: datetime) -> None:
    """Note that a partner was not sent its note after all; errors as for `partner_notes.take_back`, and `auth.NotAllowed`."""
    _require_loop(viewer)
    with acting(engine, viewer, "took back that a partner was told") as (connection, _):
        partner_notes.take_back(connection, note_id, now)


def _require_loop(viewer: Viewer) -> None:
    auth.require(viewer, auth.REACH_OUT)
    if viewer.locations is not None:
        raise auth.NotAllowed("A note to a partner tells of the whole practice. Ask somebody who sees all of it.")


def merge_partners(engine: Engine, viewer: Viewer, partner_id: int, into_id: int, *, now: datetime) -> None:
    """Count a partner's leads for another one; errors as for `merging.merge_partners`, and `auth.NotAllowed`."""
    auth.require_whole_practice(viewer)
    with acting(engine, viewer, "merged two partners") as (connection, _):
        merging.merge_partners(connection, partner_id, into_id, now=now, staff_id=viewer.staff_id)


def undo_partner_merge(engine: Engine, viewer: Viewer, merge_id: int, *, now: datetime) -> None:
    """Let a merged partner stand by itself again; errors as for `merging.undo_partner_merge`, and `auth.NotAllowed`."""
    auth.require_whole_practice(viewer)
    with acting(engine, viewer, "took a merge of partners back") as (connection, _):
        merging.undo_partner_merge(connection, merge_id, now=now)
