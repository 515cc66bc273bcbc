"""Writes of the weekly review: what is decided, the week as it was seen, and notes on the charts; each with its permission."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from dashboard import auth
from dashboard.acting import acting
from dashboard.auth import Viewer
from data_access import annotations, reviews
from data_access.reviews import Action
from data_access.vocabulary import ActionEnding, TrendSeries


def annotate(
    engine: Engine,
    viewer: Viewer,
    text: str,
    on_day: date,
    *,
    location_id: int | None,
    rebases: TrendSeries | None,
    now: datetime,
) -> None:
    """Write a note on the charts; errors as for `annotations.write`, and `auth.NotAllowed`."""
    auth.require(viewer, auth.ANNOTATE, location_id)
    if location_id is None and viewer.locations is not None:
        raise auth.NotAllowed("A note on the whole practice is for those who see all of it. Choose a location.")
    with acting(engine, viewer, "wrote a note on the charts") as (connection, _):
        annotations.write(
            connection, text, on_day, now=now, location_id=location_id, rebases=rebases, staff_id=viewer.staff_id
        )


def withdraw_note(
    engine: Engine, viewer: Viewer, annotation_id: int, *, location_id: int | None, now: datetime
) -> None:
    """Take a note back; errors as for `annotations.withdraw`, and `auth.NotAllowed`."""
    auth.require(viewer, auth.ANNOTATE, location_id)
    if location_id is None and viewer.locations is not None:
        raise auth.NotAllowed("This note is on the whole practice, and you see a part of it. Ask a manager.")
    with acting(engine, viewer, "took a note on the charts back") as (connection, _):
        annotations.withdraw(connection, annotation_id, now)


def decide(
    engine: Engine,
    viewer: Viewer,
    text: str,
    *,
    owner_id: int | None,
    due_on: date | None,
    week: int,
    today: date,
    now: datetime,
    series: TrendSeries | None = None,
    location_id: int | None = None,
    partner_id: int | None = None,
) -> None:
    """Write down an action of the weekly review; errors as for `reviews.decide`, and `auth.NotAllowed`."""
    _require_decision(viewer, location_id)
    if owner_id is None or due_on is None:
        raise ValueError("An action has one owner and one due day. Choose both.")
    with acting(engine, viewer, "decided an action") as (connection, _):
        reviews.decide(
            connection, text, owner_id=owner_id, due_on=due_on, week=week, today=today, now=now, series=series,
            location_id=location_id, partner_id=partner_id, staff_id=viewer.staff_id,
        )  # fmt: skip


def end_action(engine: Engine, viewer: Viewer, seen: Action, ending: ActionEnding | None, *, now: datetime) -> None:
    """End an action, or take it up again; errors as for `reviews.end`, and `auth.NotAllowed`."""
    _require_decision(viewer, seen.location_id)
    with acting(engine, viewer, "ended an action, or took it up again") as (connection, _):
        reviews.end(connection, seen, ending, now=now)


def move_action(
    engine: Engine, viewer: Viewer, seen: Action, *, owner_id: int, due_on: date | None, today: date
) -> None:
    """Give an action to somebody, or another day; errors as for `reviews.move`, and `auth.NotAllowed`."""
    _require_decision(viewer, seen.location_id)
    if due_on is None:
        raise ValueError("An action has a due day. Choose one.")
    with acting(engine, viewer, "moved an action") as (connection, _):
        reviews.move(connection, seen, owner_id=owner_id, due_on=due_on, today=today)


def may_decide(viewer: Viewer, location_id: int | None) -> bool:
    """Whether a viewer may decide on a location; on the whole practice (None), who sees all of it."""
    sees = viewer.locations is None if location_id is None else viewer.sees(location_id)
    return sees and viewer.may(auth.DECIDE)


def _require_decision(viewer: Viewer, location_id: int | None) -> None:
    auth.require(viewer, auth.DECIDE, location_id)
    if not may_decide(viewer, location_id):
        raise auth.NotAllowed("What concerns the whole practice is decided by those who see all of it. Ask a manager.")


def freeze(
    engine: Engine, viewer: Viewer, week: int, filters: str, content: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep what a meeting saw; only for those who see every location, so that nobody reopens more than they may see."""
    auth.require(viewer, auth.DECIDE)
    if viewer.locations is not None:
        raise auth.NotAllowed("A week is frozen by those who see the whole practice. Ask a manager.")
    with acting(engine, viewer, "froze a week") as (connection, _):
        reviews.freeze(connection, week, filters, content, now=now, staff_id=viewer.staff_id)
