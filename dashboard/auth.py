"""Who is looking, what they may do, and which locations they see.

Default deny: every page and action names its permission, and the one table below says which roles have it. Without sign-in
(sign_in.py) only a demo practice is shown, to everybody at this machine and nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t
from data_access.vocabulary import Role

LOOPBACK = ("127.0.0.1", "localhost", "::1")

SEE_SHARED = "see what may leave the practice"
SEE_METRICS, SEE_LEADS, LOG_INQUIRY, ANNOTATE = "see metrics", "see leads", "log inquiry", "write notes on charts"
SEE_CONTACTS = "see contact details"
WORK_LEADS, LOWER_PRIORITY, CHANGE_RULES = "work leads", "lower a priority", "change the practice's rules"
DECIDE = "decide in the weekly review"
REACH_OUT = "reach out to partners"
KEEP_ACCOUNTS = "say who may sign in"
IMPORT = "bring leads in from files"
SEE_AUDIT, ERASE = "see the audit log", "erase what points to a person"

_STAFF = (
    Role.INTAKE_COORDINATOR, Role.SCHEDULING_LEAD, Role.FRONT_DESK, Role.CLINICAL_REVIEW, Role.MANAGER, Role.ADMINISTRATOR,
)  # fmt: skip
_DESK = (Role.INTAKE_COORDINATOR, Role.SCHEDULING_LEAD, Role.FRONT_DESK, Role.CLINICAL_REVIEW)
PERMISSIONS: Mapping[str, frozenset[Role]] = {
    SEE_SHARED: frozenset((Role.MARKETING, Role.MANAGER, Role.ADMINISTRATOR)),
    SEE_METRICS: frozenset(_STAFF),
    SEE_LEADS: frozenset(_STAFF),
    LOG_INQUIRY: frozenset(_STAFF),
    WORK_LEADS: frozenset(_STAFF),
    SEE_CONTACTS: frozenset((*_DESK, Role.ADMINISTRATOR)),
    CHANGE_RULES: frozenset((Role.MANAGER, Role.ADMINISTRATOR)),
    KEEP_ACCOUNTS: frozenset((Role.ADMINISTRATOR,)),
    IMPORT: frozenset((Role.MANAGER, Role.ADMINISTRATOR)),
    SEE_AUDIT: frozenset((Role.ADMINISTRATOR,)),
    ERASE: frozenset((Role.ADMINISTRATOR,)),
    LOWER_PRIORITY: frozenset((Role.CLINICAL_REVIEW, Role.ADMINISTRATOR)),
    DECIDE: frozenset((Role.MANAGER, Role.ADMINISTRATOR, Role.INTAKE_COORDINATOR, Role.SCHEDULING_LEAD)),
    REACH_OUT: frozenset((Role.MANAGER, Role.ADMINISTRATOR, Role.INTAKE_COORDINATOR)),
    ANNOTATE: frozenset((Role.MANAGER, Role.ADMINISTRATOR, Role.INTAKE_COORDINATOR, Role.SCHEDULING_LEAD)),
}
"""Which roles may do what; what is not here, nobody may."""


PAGES: Mapping[str, str] = {
    "my_day": SEE_LEADS,
    "log_inquiry": LOG_INQUIRY,
    "lead": SEE_LEADS,
    "setup": CHANGE_RULES,
    "rules": SEE_METRICS,
    "texts": SEE_METRICS,
    "checklists": SEE_METRICS,
    "places": SEE_METRICS,
    "lists": CHANGE_RULES,
    "imports": IMPORT,
    "privacy": SEE_AUDIT,
    "partners": SEE_METRICS,
    "partner": SEE_METRICS,
    "outreach": SEE_METRICS,
    "loop": SEE_METRICS,
    "weekly_review": SEE_METRICS,
    "shared": SEE_SHARED,
    "funnel": SEE_METRICS,
    "conversion": SEE_METRICS,
    "response_times": SEE_METRICS,
    "stalls": SEE_METRICS,
    "backlog": SEE_METRICS,
    "capacity": SEE_METRICS,
    "records": SEE_METRICS,
    "attendance": SEE_METRICS,
    "sources": SEE_METRICS,
    "trends": SEE_METRICS,
    "data_quality": SEE_METRICS,
}
"""What each page needs; a page that is not here, nobody sees."""


class Refused(RuntimeError):
    """Nothing is shown, and why."""


class SignInMissing(Refused):
    """The database may not be shown, because nobody can be told apart yet."""


class NotSignedIn(Refused):
    """Nobody is signed in, or not any more."""


class NotStaff(Refused):
    """The person is known to the provider, and not to the practice."""


class NotDone(RuntimeError):
    """What somebody asked for was not done, and why: nothing of it was written."""


class NotAllowed(NotDone):
    """The viewer's role or locations do not allow it."""


class NotWritten(NotDone):
    """The database does not take it at present."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who is signed in.

    Attributes
    ----------
    locations : frozenset of int, or None
        The locations whose leads they see; None for all.
    staff_id : int, optional
        Their row in the staff table.
    sign_in : str, optional
        By which sign-in they are here; None in a demo practice without sign-in.
    address : str, optional
        From where.
    """

    name: str
    role: Role
    locations: frozenset[int] | None
    staff_id: int | None = None
    sign_in: str | None = None
    address: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the role has a permission."""
        return self.role in PERMISSIONS.get(permission, frozenset())

    @property
    def works_leads(self) -> bool:
        """Whether they log and move leads all day, rather than look at how it goes."""
        return self.role in _DESK

    def may_open(self, page: str) -> bool:
        """Whether the role has what a page needs."""
        return page in PAGES and self.may(PAGES[page])

    def sees(self, location_id: int) -> bool:
        """Whether a location lies in the viewer's scope."""
        return self.locations is None or location_id in self.locations


def require(viewer: Viewer, permission: str, location_id: int | None = None) -> None:
    """Raise `NotAllowed` unless the viewer has the permission, and the location where one is given."""
    if not viewer.may(permission):
        raise NotAllowed(f"Your role does not allow this ({permission}). Ask a manager.")
    if location_id is not None and not viewer.sees(location_id):
        raise NotAllowed("This location is not one of yours. Choose another, or ask a manager.")


def require_whole_practice(viewer: Viewer, permission: str = CHANGE_RULES) -> None:
    """Raise `NotAllowed` unless the viewer may change what the whole practice set up, and sees all of it."""
    require(viewer, permission)
    if viewer.locations is not None:
        raise NotAllowed("What the practice set up is changed by those who see all of it. Ask a manager.")


def require_servable(practice: Mapping[str, Any] | None, *addresses: str | None) -> None:
    """Raise `SignInMissing` unless this is a demo practice and every address given is this machine's own."""
    if practice is None or not practice["is_demo"]:
        raise SignInMissing(
            "this database is not a demo practice, and sign-in is not configured, so it is shown to nobody. "
            "Its numbers are there on the command line (handoff metrics); to look around, use: handoff demo"
        )
    if outside := [a for a in addresses if a not in (*LOOPBACK, None)]:
        raise SignInMissing(
            f"a demo practice is shown without sign-in and therefore only on this machine, not at {outside[0]}"
        )


def demo_viewer(connection: Connection) -> Viewer:
    """Whoever looks at a demo practice: its manager, who sees every location."""
    query = (
        sa.select(t.staff.c.id, t.staff.c.name).where(t.staff.c.role == Role.MANAGER).order_by(t.staff.c.id).limit(1)
    )
    found = connection.execute(query).one_or_none()
    return Viewer(found.name if found else "Demo visitor", Role.MANAGER, None, found.id if found else None)
