"""The practice: its locations, service lines, sources and people, and the words that it offers."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table

from data_access import tables as t
from data_access.fact_tables import FACTS_VERSION
from data_access.staffed_hours import Weekly, set_hours
from data_access.vocabulary import Role

NAME_LENGTH = 80
_FOREVER = date(1970, 1, 1)


def found(connection: Connection, name: str, zone: str, *, demo_until: date | None = None) -> None:
    """Write the practice's one row and start the revision counter. `demo_until` marks a demo practice."""
    connection.execute(
        sa.insert(t.practice).values(
            id=1, name=name, zone=zone, is_demo=demo_until is not None, demo_until=demo_until, horizon_days=30
        )
    )
    connection.execute(sa.insert(t.revisions).values(id=1, revision=0, facts_version=FACTS_VERSION))
    connection.execute(sa.insert(t.audit_head).values(id=1, number=0, digest=""))


def lock(connection: Connection) -> None:
    """Hold what the practice set up until the transaction ends: it is changed by one at a time."""
    connection.execute(sa.select(t.practice.c.id).with_for_update())


def name_key(name: str) -> str:
    """What makes two spellings one name: letters and digits alike in case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def get(connection: Connection) -> dict[str, Any] | None:
    """The practice's row, or None where nothing was founded yet."""
    row = connection.execute(sa.select(t.practice)).mappings().one_or_none()
    return dict(row) if row else None


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Add one row to a list of the practice (locations, service lines, sources, staff) and return its id."""
    return int(connection.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one())


def add_location(connection: Connection, name: str, zone: str, hours: Weekly | None = None, **details: Any) -> int:
    """Add a location with its staffed hours, in force since ever."""
    location = add(connection, t.locations, name=name, zone=zone, **details)
    if hours:
        set_hours(connection, location, hours, effective_from=_FOREVER)
    return location


def zones(connection: Connection) -> dict[int, str]:
    """IANA zone of every location, by id."""
    return {row.id: row.zone for row in connection.execute(sa.select(t.locations.c.id, t.locations.c.zone))}


def names(connection: Connection, table: Table) -> dict[int, str]:
    """Names by id of a list that has an `id` and a `name`, retired entries included, in order of the name."""
    query = sa.select(table.c.id, table.c.name).order_by(sa.func.lower(table.c.name), table.c.id)
    return {row.id: row.name for row in connection.execute(query)}


def active(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The entries of a list that are in use, in order of the name."""
    query = sa.select(table).where(table.c.active).order_by(sa.func.lower(table.c.name), table.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def entries(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Every entry of a list, in use or not, in order of the name."""
    query = sa.select(table).order_by(sa.func.lower(table.c.name), table.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, table: Table, name: str) -> int | None:
    """The id of the entry of just that name; None where there is none."""
    found = connection.scalar(sa.select(table.c.id).where(table.c.name == name))
    return int(found) if found else None


def change_entry(connection: Connection, table: Table, entry_id: int | None, **values: Any) -> int:
    """Change an entry of one of the practice's lists, or add one where `entry_id` is None; its id.

    Raises
    ------
    ValueError
        When its name is blank, too long, or another entry's.
    """
    name = " ".join(str(values.get("name") or "").split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise ValueError(f"a name has 1 to {NAME_LENGTH} characters")
    if any(name_key(other) == name_key(name) for key, other in names(connection, table).items() if key != entry_id):
        raise ValueError(f"there is {name} already; choose another name, or take that one up again")
    values["name"] = name
    if entry_id is None:
        return add(connection, table, **values)
    connection.execute(sa.update(table).where(table.c.id == entry_id).values(**values))
    return entry_id


def withheld(connection: Connection, vocabulary: type[StrEnum]) -> frozenset[str]:
    """The words of a vocabulary that are no longer offered; what was noted with them stays."""
    c = t.withheld_words.c
    query = sa.select(c.word).where(c.vocabulary == vocabulary.__name__)
    return frozenset(connection.execute(query).scalars())


def offer_words(connection: Connection, vocabulary: type[StrEnum], offered: Iterable[StrEnum]) -> None:
    """Say which words of a vocabulary are offered from now on.

    Raises
    ------
    ValueError
        When none would be left.
    """
    kept = set(offered)
    if not kept:
        raise ValueError("at least one must be offered")
    c = t.withheld_words.c
    connection.execute(sa.delete(t.withheld_words).where(c.vocabulary == vocabulary.__name__))
    gone = [{"vocabulary": vocabulary.__name__, "word": word} for word in vocabulary if word not in kept]
    if gone:
        connection.execute(sa.insert(t.withheld_words), gone)


def on_staff(connection: Connection, staff_id: int) -> bool:
    """Whether somebody is of the staff in use."""
    c = t.staff.c
    return connection.scalar(sa.select(c.id).where(c.id == staff_id, c.active)) is not None


def add_staff(connection: Connection, name: str, role: Role) -> int:
    """Add a member of staff and return the id."""
    return add(connection, t.staff, name=name, role=role)
