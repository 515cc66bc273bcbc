"""What every write by somebody shares: they still may when it is written, and the audit log says what they did."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, clock, look, settings
from dashboard.auth import Viewer
from data_access import accounts, audit
from data_access.engine import writing
from data_access.vocabulary import AuditKind

_LOG = logging.getLogger(__name__)


class Noting(Protocol):
    """Writes a line into the audit log, in the transaction of what it tells of."""

    def __call__(self, kind: AuditKind, about: str, lead_id: int | None = None) -> None:
        """Write it."""


@contextmanager
def acting(
    engine: Engine, viewer: Viewer, about: str = "", *, kind: AuditKind = AuditKind.CHANGED, counted: bool = True
) -> Iterator[tuple[Connection, Noting]]:
    """One write transaction of somebody, who must still be who they were when their page was drawn.

    A page may stand open for a while: a click on it is the first that is heard of them since.

    Parameters
    ----------
    about : str
        What the audit log says of it, where that is known before; otherwise what is yielded beside the connection says it.
    counted : bool
        As for `writing`.

    Raises
    ------
    auth.NotAllowed
        When they signed out, left, or have another role or other locations by now.
    auth.NotWritten
        When the database is away, locked, full or read-only.
    """
    try:
        with writing(engine, counted=counted) as connection:
            require_standing(connection, viewer)
            note = noting(connection, viewer)
            yield connection, note
            if about:
                note(kind, about)
        look.again()
    except (sa.exc.OperationalError, sa.exc.InternalError) as problem:
        _LOG.warning("a write was not taken: %s", type(problem.orig).__name__)  # its words may hold what was typed
        raise auth.NotWritten(
            "The database does not take this at present, so nothing was saved. What you typed is still here: try again."
        ) from None


def noting(connection: Connection, viewer: Viewer) -> Noting:
    """What writes into the audit log what somebody does in a transaction."""

    def note(kind: AuditKind, about: str, lead_id: int | None = None) -> None:
        audit.note(
            connection, kind, about, now=clock.now(), staff_id=viewer.staff_id, lead_id=lead_id, address=viewer.address
        )

    return note


def require_standing(connection: Connection, viewer: Viewer) -> None:
    """Raise `NotAllowed` unless the viewer's sign-in stands, with the role and the locations that they came with."""
    if viewer.sign_in is None:
        return
    found, now = accounts.sign_in(connection, viewer.sign_in), clock.now()
    account = found.account if found and found.stands(now, settings.idle(), settings.longest()) else None
    if found is None or account is None or (account.role, account.locations) != (viewer.role, viewer.locations):
        raise auth.NotAllowed("What you may do here has changed. Reload the page; what you typed was not saved.")
    if accounts.wants_touch(found, now):
        accounts.touch(connection, viewer.sign_in, now)
