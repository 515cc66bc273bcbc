"""Writes: permission, one transaction, and what there is to say about it."""

import hashlib
from datetime import datetime

from sqlalchemy import Engine

from dashboard import auth
from dashboard.auth import Viewer
from dashboard.forms import Inquiry
from data_access import leads
from data_access.engine import writing
from data_access.leads import Logged


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
