"""Writes: permission, one transaction, and what there is to say about it."""

import hashlib
from datetime import date, datetime

from sqlalchemy import Engine

from dashboard import auth
from dashboard.auth import Viewer
from dashboard.forms import Inquiry
from data_access import annotations, leads
from data_access.engine import writing
from data_access.leads import Logged
from data_access.vocabulary import TrendSeries


def log_inquiry(engine: Engine, viewer: Viewer, inquiry: Inquiry, *, nonce: str, now: datetime) -> Logged:
    """Save an inquiry once, however often it is sent.

    Parameters
    ----------
    nonce : str
        Of the rendered form. Together with what was typed it tells a second click from a second inquiry.

    Raises
    ------
    auth.NotAllowed
        When the role or the location does not allow it.
    NotPossible
        When it cannot be so; the message says why.
    """
    auth.require(viewer, auth.LOG_INQUIRY, inquiry.asked.location_id)
    key = hashlib.sha256(f"{viewer.staff_id}|{nonce}|{inquiry.typed}".encode()).hexdigest()
    with writing(engine) as connection:
        return leads.log_inquiry(
            connection,
            inquiry.asked,
            received_at=inquiry.received_at or now,
            now=now,
            staff_id=viewer.staff_id,
            key=key,
        )


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
    with writing(engine) as connection:
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
    with writing(engine) as connection:
        annotations.withdraw(connection, annotation_id, now)
