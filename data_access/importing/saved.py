"""Mappings that the practice keeps by name, for the page and the command line alike."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t
from data_access.importing import mapping as mappings
from data_access.importing.mapping import Mapping
from data_access.practice import NAME_LENGTH


def names(connection: Connection) -> list[str]:
    """The names of the mappings that are kept, in their order."""
    c = t.saved_mappings.c
    return list(connection.execute(sa.select(c.name).order_by(sa.func.lower(c.name))).scalars())


def find(connection: Connection, name: str) -> Mapping | None:
    """The mapping of that name; None where there is none."""
    text = connection.scalar(sa.select(t.saved_mappings.c.mapping).where(t.saved_mappings.c.name == name))
    return None if text is None else mappings.read(text)


def save(connection: Connection, name: str, text: str, *, now: datetime, staff_id: int | None = None) -> None:
    """Keep a mapping under a name, in place of what stood there.

    Raises
    ------
    ValueError
        When the name is blank or too long.
    BadMapping
        When it is no mapping.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise ValueError(f"a name has 1 to {NAME_LENGTH} characters")
    mappings.read(text)
    connection.execute(sa.delete(t.saved_mappings).where(t.saved_mappings.c.name == name))
    kept = {"name": name, "mapping": text, "saved_at": now, "staff_id": staff_id}
    connection.execute(sa.insert(t.saved_mappings).values(kept))


def remove(connection: Connection, name: str) -> None:
    """Keep a mapping no longer; what was imported by it stays."""
    connection.execute(sa.delete(t.saved_mappings).where(t.saved_mappings.c.name == name))
