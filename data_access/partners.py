"""Referral partners: found by a folded name, retired rather than deleted."""

import unicodedata

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access.tables import partners
from data_access.vocabulary import PartnerCategory


def name_key(name: str) -> str:
    """What makes two spellings one partner: letters and digits alike in case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def find_or_add(connection: Connection, name: str, category: PartnerCategory = PartnerCategory.OTHER) -> int:
    """The id of the partner of that name, whatever its case and spacing; added with the category if there is none.

    Raises
    ------
    ValueError
        When the name is blank.
    """
    key = name_key(name)
    if not key:
        raise ValueError("a partner needs a name")
    existing = connection.scalar(sa.select(partners.c.id).where(partners.c.name_key == key))
    if existing:
        return int(existing)
    added = sa.insert(partners).values(name=" ".join(name.split()), name_key=key, category=category)
    return int(connection.execute(added.returning(partners.c.id)).scalar_one())
