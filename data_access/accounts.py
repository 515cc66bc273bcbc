"""Who of the staff may sign in and see which locations, and who is signed in."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t
from data_access.vocabulary import Role

_TOUCH = timedelta(minutes=1)
"""When a sign-in was last used is kept to the minute: not every click is a write."""


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; `locations` None for all."""

    staff_id: int
    name: str
    role: Role
    locations: frozenset[int] | None


@dataclass(frozen=True)
class SignIn:
    """One sign-in, as it stands. `account` None: the person may not sign in any more."""

    account: Account | None
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None

    def stands(self, now: datetime, idle: timedelta, longest: timedelta) -> bool:
        """Whether it did not end, was used lately, and did not begin too long ago."""
        return not self.ended_at and now - self.seen_at < idle and now - self.began_at < longest


def plain_email(typed: str) -> str:
    """An e-mail address as it is kept and compared: lower case.

    Raises
    ------
    ValueError
        When it is none.
    """
    email = typed.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) or len(email) > 254:
        raise ValueError(f"{typed!r} is no e-mail address; an example: anna@clinic.example")
    return email


def of_email(connection: Connection, email: str) -> Account | None:
    """The account of an e-mail address; None where nobody who works here signs in with it."""
    return _account(connection, t.staff.c.email == email.strip().lower())


def _account(connection: Connection, condition: sa.ColumnElement[bool]) -> Account | None:
    c = t.staff.c
    query = sa.select(c.id, c.name, c.role, c.sees_all).where(condition, c.active, c.email.is_not(None))
    person = connection.execute(query).one_or_none()
    if person is None:
        return None
    places = None if person.sees_all else locations_of(connection, person.id)
    return Account(person.id, person.name, Role(person.role), places)


def locations_of(connection: Connection, staff_id: int) -> frozenset[int]:
    """The locations that were given to somebody who does not see all."""
    c = t.staff_locations.c
    return frozenset(connection.execute(sa.select(c.location_id).where(c.staff_id == staff_id)).scalars())


def give_locations(connection: Connection, staff_id: int, locations: Collection[int]) -> None:
    """Give somebody who does not see all just these locations."""
    connection.execute(sa.delete(t.staff_locations).where(t.staff_locations.c.staff_id == staff_id))
    for place in sorted(locations):
        connection.execute(sa.insert(t.staff_locations).values(staff_id=staff_id, location_id=place))


def change_person(
    connection: Connection,
    staff_id: int | None,
    values: Mapping[str, Any],
    *,
    email: str,
    sees_all: bool,
    locations: Collection[int],
) -> None:
    """Change a person, or add one where `staff_id` is None: name, role, whether they work here, and how they sign in.

    Raises
    ------
    ValueError
        When the name or the address cannot be, or is another person's; or the last administrator would be gone.
    """
    kept = plain_email(email) if email.strip() else None
    other = sa.select(t.staff.c.name).where(t.staff.c.email == kept, t.staff.c.id != (staff_id or 0))
    if kept and (name := connection.scalar(other)):
        raise ValueError(f"{name} signs in as {kept} already")
    there = _administrators(connection)
    before = connection.scalar(sa.select(t.staff.c.email).where(t.staff.c.id == staff_id)) if staff_id else None
    person = practice.change_entry(connection, t.staff, staff_id, **values, email=kept, sees_all=sees_all)
    if before != kept:  # who signed in by the address before is not known to be this person any more
        connection.execute(sa.delete(t.sign_ins).where(t.sign_ins.c.staff_id == person))
    give_locations(connection, person, () if sees_all else locations)
    if there and not _administrators(connection):
        raise ValueError("this is the last administrator who can sign in; name another one first")


def _administrators(connection: Connection) -> int:
    c = t.staff.c
    query = sa.select(sa.func.count()).where(c.role == Role.ADMINISTRATOR, c.active, c.email.is_not(None))
    return int(connection.scalar(query) or 0)


def make_administrator(connection: Connection, email: str, name: str | None) -> Account:
    """Let somebody sign in as administrator who sees all; whoever has the address already becomes it.

    Raises
    ------
    ValueError
        When the address is none, or the name is another person's.
    """
    email = plain_email(email)
    known = connection.execute(sa.select(t.staff.c.id, t.staff.c.name).where(t.staff.c.email == email)).one_or_none()
    practice.change_entry(
        connection, t.staff, known.id if known else None, name=name or (known.name if known else email.partition("@")[0]),
        role=Role.ADMINISTRATOR, active=True, email=email, sees_all=True,
    )  # fmt: skip
    account = of_email(connection, email)
    assert account  # noqa: S101  # written just now
    return account


def sign_in(connection: Connection, digest: str) -> SignIn | None:
    """The sign-in with a digest, and who the person is by now; None where there is none."""
    c = t.sign_ins.c
    query = sa.select(c.staff_id, c.began_at, c.seen_at, c.ended_at).where(c.digest == digest)
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    return SignIn(_account(connection, t.staff.c.id == found.staff_id), found.began_at, found.seen_at, found.ended_at)


def begin(connection: Connection, digest: str, staff_id: int, now: datetime) -> bool:
    """Note that somebody signed in; False where that is noted already."""
    if connection.scalar(sa.select(t.sign_ins.c.id).where(t.sign_ins.c.digest == digest)):
        return False
    values = {"digest": digest, "staff_id": staff_id, "began_at": now, "seen_at": now}
    connection.execute(sa.insert(t.sign_ins).values(**values))
    return True


def wants_touch(sign_in: SignIn, now: datetime) -> bool:
    """Whether it is long enough ago that a sign-in was noted as used."""
    return now - sign_in.seen_at >= _TOUCH


def touch(connection: Connection, digest: str, now: datetime) -> None:
    """Note that a sign-in is used."""
    connection.execute(sa.update(t.sign_ins).where(t.sign_ins.c.digest == digest).values(seen_at=now))


def end(connection: Connection, digest: str, now: datetime) -> int | None:
    """End a sign-in; whose it was, or None where it had ended."""
    c = t.sign_ins.c
    query = sa.update(t.sign_ins).where(c.digest == digest, c.ended_at.is_(None)).values(ended_at=now)
    return connection.execute(query.returning(c.staff_id)).scalar_one_or_none()
